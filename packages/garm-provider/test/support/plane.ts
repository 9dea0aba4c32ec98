import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  CALL_ERRORS,
  createVmSchema,
  listVmsQuerySchema,
  vmPageSchema,
  type CallErrorCode,
  type CreateVm,
  type VmRecord,
} from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";
import type { z } from "zod";

export const TOKEN = "a-token-of-role-ci";
/** Small, so that every list has more than one. */
const PAGE = 2;

interface Kept {
  record: VmRecord;
  body: CreateVm;
  /** As it came, with its secrets. */
  text: string;
  key: string;
}

class Refusal extends Error {
  readonly code: CallErrorCode;

  constructor(code: CallErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A control plane that takes what the schemas take, and remembers VMs; nothing runs. */
export async function startPlane() {
  const kept: Kept[] = [];
  let refusal: Refusal | undefined;
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse) {
    try {
      const [status, body] = await answer(request);
      send(response, status, body);
    } catch (error) {
      const { code, message } = error instanceof Refusal ? error : new Refusal("internal", String(error));
      send(response, CALL_ERRORS[code].status, { type: "", ...CALL_ERRORS[code], code, detail: message });
    }
  }

  async function answer(request: IncomingMessage): Promise<[number, unknown]> {
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      throw new Refusal("unauthenticated", "who is it?");
    if (refusal) throw refusal;
    const url = new URL(request.url ?? "", "http://plane");
    const route = `${request.method} ${url.pathname.replace(/(?<=^\/v1\/vms\/).+$/, ":id")}`;
    const id = url.pathname.split("/")[3] ?? "";
    switch (route) {
      case "POST /v1/vms":
        return create(await text(request), String(request.headers["idempotency-key"]));
      case "GET /v1/vms":
        return [200, list(valid(listVmsQuerySchema, Object.fromEntries(url.searchParams)))];
      case "GET /v1/vms/:id":
        return [200, find(id).record];
      case "DELETE /v1/vms/:id":
        find(id).record.end ??= { reason: "client", message: "A client asked for it.", error: null };
        return [202, find(id).record];
      default:
        throw new Refusal("route_not_found", route);
    }
  }

  function create(sent: string, key: string): [number, VmRecord] {
    const body = valid(createVmSchema, JSON.parse(sent));
    const earlier = kept.find((vm) => vm.key === key && vm.record.endedAt === null);
    if (earlier && earlier.text !== sent) throw new Refusal("idempotency_conflict", "another body");
    if (earlier) return [200, earlier.record];
    const record = aVm({ id: String(kept.length + 1).padStart(16, "v") }, body);
    kept.unshift({ record, body, text: sent, key });
    return [201, record];
  }

  function list({ jobId, label, cursor }: z.output<typeof listVmsQuerySchema>) {
    const [key = "", value] = label?.split("=") ?? [];
    const found = kept
      .map(({ record }) => record)
      .filter((vm) => (jobId === undefined || vm.jobId === jobId) && (!label || vm.labels[key] === value));
    const from = Number(cursor ?? 0);
    const nextCursor = from + PAGE < found.length ? String(from + PAGE) : null;
    return vmPageSchema.parse({ vms: found.slice(from, from + PAGE), nextCursor });
  }

  function find(id: string): Kept {
    const vm = kept.find(({ record }) => record.id === id);
    if (!vm) throw new Refusal("vm_not_found", `There is no VM ${id}.`);
    return vm;
  }

  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Newest first. */
    kept,
    find,
    create: (body: z.input<typeof createVmSchema>, key: string) => create(JSON.stringify(body), key)[1],
    refuse: (code: CallErrorCode, message: string) => void (refusal = new Refusal(code, message)),
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function valid<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal("invalid_request", parsed.error.message);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
