import {
  cordonHostSchema,
  drainHostSchema,
  enrolHostSchema,
  enrolledHostSchema,
  hostRecordSchema,
  removedHostSchema,
  removeHostQuerySchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { hostFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { hostsSchema, nameParams, PROBLEMS } from "./schemas.ts";

const tags = ["Hosts"];

export function hostRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/hosts", {
    config: { action: "host.read" },
    schema: {
      tags,
      operationId: "listHosts",
      summary: "List hosts with their slots and what is in them",
      response: { 200: hostsSchema, ...PROBLEMS },
    },
    handler: async (request) => {
      const { principal } = requireCaller(request);
      return { hosts: useCases.listHosts().map((host) => hostFor(useCases, principal, host)) };
    },
  });

  app.get("/v1/hosts/:name", {
    config: { action: "host.read" },
    schema: {
      tags,
      operationId: "getHost",
      summary: "Get one host",
      params: nameParams,
      response: { 200: hostRecordSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      hostFor(useCases, requireCaller(request).principal, useCases.getHost(request.params.name)),
  });

  app.post("/v1/hosts", {
    config: { action: "host.enrol" },
    schema: {
      tags,
      operationId: "enrolHost",
      summary: "Enrol a host: it gets a credential of its own, shown once",
      body: enrolHostSchema,
      response: { 201: enrolledHostSchema, ...PROBLEMS },
    },
    handler: async (request, reply) =>
      reply.code(201).send(await useCases.enrolHost(requireCaller(request), request.body)),
  });

  app.delete("/v1/hosts/:name/credential", {
    config: { action: "host.revoke" },
    schema: {
      tags,
      operationId: "revokeHost",
      summary: "End a host's credential at once; its VMs stay as they are until it is enrolled anew",
      params: nameParams,
      response: { 204: z.null().describe("Revoked"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.revokeHost(requireCaller(request), request.params.name);
      return reply.code(204).send(null);
    },
  });

  app.delete("/v1/hosts/:name", {
    config: { action: "host.manage" },
    schema: {
      tags,
      operationId: "removeHost",
      summary: "Take a host out of the fleet; refused while VMs are there, unless it is forced",
      params: nameParams,
      querystring: removeHostQuerySchema,
      response: { 200: removedHostSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.removeHost(requireCaller(request), request.params.name, request.query),
  });

  app.post("/v1/hosts/:name/cordon", {
    config: { action: "host.manage" },
    schema: {
      tags,
      operationId: "cordonHost",
      summary: "Place nothing new on a host; what runs there goes on",
      params: nameParams,
      body: cordonHostSchema,
      response: { 200: hostRecordSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.cordonHost(requireCaller(request), request.params.name, request.body),
  });

  app.post("/v1/hosts/:name/uncordon", {
    config: { action: "host.manage" },
    schema: {
      tags,
      operationId: "uncordonHost",
      summary: "End a host's cordon or drain",
      params: nameParams,
      response: { 200: hostRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.uncordonHost(requireCaller(request), request.params.name),
  });

  app.post("/v1/hosts/:name/drain", {
    config: { action: "host.manage" },
    schema: {
      tags,
      operationId: "drainHost",
      summary: "Let a host become empty: nothing new, and a deadline for what runs there",
      params: nameParams,
      body: drainHostSchema,
      response: { 200: hostRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.drainHost(requireCaller(request), request.params.name, request.body),
  });
}
