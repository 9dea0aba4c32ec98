import {
  createVmSchema,
  deleteVmQuerySchema,
  explanationSchema,
  guestEventSchema,
  holdVmSchema,
  listVmsQuerySchema,
  vmPageSchema,
  vmRecordSchema,
  waitQuerySchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { idempotencyKeySchema } from "../inputs.ts";
import { listVmsFor } from "../team-view.ts";
import { waitForVm } from "../wait.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { goneOf } from "./gone.ts";
import { idParams, PROBLEMS } from "./schemas.ts";

const tags = ["VMs"];

export function vmRoutes(app: App, deps: RestDeps): void {
  const { useCases } = deps;

  app.post("/v1/vms", {
    config: { action: "vm.create" },
    schema: {
      tags,
      operationId: "createVm",
      summary: "Accept a VM; it is queued, and starts when a host has room",
      headers: z.object({
        "idempotency-key": idempotencyKeySchema
          .optional()
          .describe("The same key and body give the same VM (200) for as long as it lives"),
        traceparent: z
          .string()
          .optional()
          .describe(
            "W3C Trace Context of the caller, whose trace the VM then belongs to; malformed: as none",
          ),
      }),
      body: createVmSchema,
      response: { 201: vmRecordSchema, 200: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const caller = requireCaller(request);
      const key = request.headers["idempotency-key"];
      const { vm, created } = await useCases.createVm(caller, request.body, key);
      if (created) request.log.info({ vmId: vm.id }, "VM accepted");
      return reply
        .code(created ? 201 : 200)
        .header("location", `/v1/vms/${vm.id}`)
        .send(vm);
    },
  });

  app.get("/v1/vms", {
    config: { action: "vm.read" },
    schema: {
      tags,
      operationId: "listVms",
      summary: "List VMs, newest first, a page at a time",
      querystring: listVmsQuerySchema,
      response: { 200: vmPageSchema, ...PROBLEMS },
    },
    handler: async (request) => listVmsFor(useCases, requireCaller(request).principal, request.query),
  });

  app.get("/v1/vms/:id", {
    config: { action: "vm.read" },
    schema: {
      tags,
      operationId: "getVm",
      summary: "Get one VM",
      params: idParams,
      response: { 200: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.getVm(request.params.id),
  });

  app.get("/v1/vms/:id/explain", {
    config: { action: "vm.read" },
    schema: {
      tags,
      operationId: "explainVm",
      summary: "Why a VM is not running yet and when it will be, or what it is doing",
      params: idParams,
      response: { 200: explanationSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.explainVm(request.params.id),
  });

  app.get("/v1/vms/:id/wait", {
    config: { action: "vm.read" },
    exposeHeadRoute: false,
    schema: {
      tags,
      operationId: "waitForVm",
      summary: "Wait until the VM is ready or has ended; answers early when it ends, and after the time",
      params: idParams,
      querystring: waitQuerySchema,
      response: { 200: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const { access } = requireCaller(request);
      return waitForVm({ ...deps, access }, request.params.id, request.query, goneOf(reply));
    },
  });

  app.delete("/v1/vms/:id", {
    config: { action: "vm.end" },
    schema: {
      tags,
      operationId: "deleteVm",
      summary: "End a VM: at once for a client; for the VM's own token, as its phase says",
      params: idParams,
      querystring: deleteVmQuerySchema,
      response: { 202: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const caller = requireCaller(request);
      return reply.code(202).send(await useCases.endVm(caller, request.params.id, request.query));
    },
  });

  app.post("/v1/vms/:id/hold", {
    config: { action: "vm.hold" },
    schema: {
      tags,
      operationId: "holdVm",
      summary: "Hold a VM for debugging: whatever ends it, its instance stays for so long",
      params: idParams,
      body: holdVmSchema,
      response: { 200: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.holdVm(requireCaller(request), request.params.id, request.body),
  });

  app.delete("/v1/vms/:id/hold", {
    config: { action: "vm.hold" },
    schema: {
      tags,
      operationId: "unholdVm",
      summary: "End a hold; a VM that was there for it alone ends",
      params: idParams,
      response: { 200: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.unholdVm(requireCaller(request), request.params.id),
  });

  app.post("/v1/vms/:id/events", {
    config: { action: "vm.tell" },
    schema: {
      tags,
      operationId: "tellVmEvent",
      summary: "What the VM's own hooks saw; for the VM's token alone",
      params: idParams,
      body: guestEventSchema,
      response: { 202: vmRecordSchema, ...PROBLEMS },
    },
    handler: async (request, reply) => {
      const caller = requireCaller(request);
      return reply.code(202).send(await useCases.guestEvent(caller, request.params.id, request.body));
    },
  });
}
