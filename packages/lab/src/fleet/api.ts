import {
  capacitySchema,
  channelRecordSchema,
  createdTokenSchema,
  hostRecordSchema,
  imagePlanRecordSchema,
  parseToken,
  poolRecordSchema,
  problemSchema,
  teamRecordSchema,
  vmEventSchema,
  vmPageSchema,
  vmRecordSchema,
  type Capacity,
  type ChannelRecord,
  type CreatedToken,
  type CreateToken,
  type CreateVmInput,
  type DrainHost,
  type HostRecord,
  type ImagePlanRecord,
  type PoolRecord,
  type Problem,
  type RollOut,
  type SetChannel,
  type SetPoolInput,
  type SetShare,
  type TeamRecord,
  type VmEvent,
  type VmRecord,
  type VmSummary,
} from "@tartfleet/shared";
import { call as callHttp } from "@tartfleet/tls";
import { z } from "zod";
import { until } from "./until.ts";

/** The control plane refused a call; `problem` says why. */
class ApiError extends Error {
  readonly problem: Problem;

  constructor(call: string, problem: Problem) {
    super(
      `${call}: ${problem.status} ${problem.code}: ${problem.detail}${JSON.stringify(problem.errors ?? "")}`,
    );
    this.name = "ApiError";
    this.problem = problem;
  }
}

/** The REST API as its clients see it, with every answer checked against its schema. */
export interface Api {
  createVm(vm: CreateVmInput, idempotencyKey?: string): Promise<VmRecord>;
  getVm(id: string): Promise<VmRecord>;
  /** Newest first; at most 500. */
  listVms(query?: Readonly<Record<string, string>>): Promise<VmSummary[]>;
  /** Waits on the server's side; asks again until it is so. */
  waitForVm(id: string, what: "ready" | "ended"): Promise<VmRecord>;
  vmEvents(id: string): Promise<VmEvent[]>;
  deleteVm(id: string, query?: Readonly<Record<string, string>>): Promise<VmRecord>;
  hosts(): Promise<HostRecord[]>;
  host(name: string): Promise<HostRecord>;
  capacity(): Promise<Capacity>;
  createToken(token: CreateToken): Promise<CreatedToken>;
  revokeToken(id: string): Promise<void>;
  team(name: string): Promise<TeamRecord>;
  setTeam(name: string, share: Partial<SetShare>): Promise<TeamRecord>;
  pool(name: string): Promise<PoolRecord>;
  setPool(name: string, pool: SetPoolInput): Promise<PoolRecord>;
  removePool(name: string): Promise<void>;
  channel(name: string): Promise<ChannelRecord>;
  setChannel(name: string, to: SetChannel): Promise<ChannelRecord>;
  rollOut(name: string, to: RollOut): Promise<ChannelRecord>;
  imagePlan(id: string): Promise<ImagePlanRecord>;
  drainHost(name: string, drain: Partial<DrainHost>): Promise<HostRecord>;
  uncordonHost(name: string): Promise<HostRecord>;
}

const hostsSchema = z.object({ hosts: z.array(hostRecordSchema) });
const eventsSchema = z.object({ events: z.array(vmEventSchema) });
const WAIT_SECONDS = "30";

interface CallOptions {
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
}

/**
 * A client of the REST API. Reads live through a restart of the control plane; writes are sent once.
 *
 * @param url asked anew for every call: a control plane that restarts may move
 * @param signal aborts every call
 */
export function makeApi(url: () => string, token: string, signal?: AbortSignal): Api {
  const trust = { pin: parseToken(token)?.pin };

  async function call<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    { body, headers, query }: CallOptions = {},
  ): Promise<T> {
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const send = () =>
      callHttp(`${url()}${path}${search}`, trust, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    const response =
      method === "GET"
        ? await until("the control plane to answer", () => unlessAway(send), { signal })
        : await send();
    const answer: unknown = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new ApiError(`${method} ${path}`, problemSchema.parse(answer));
    return schema.parse(answer);
  }

  return {
    createVm: (vm, key) =>
      call("POST", "/v1/vms", vmRecordSchema, {
        body: vm,
        ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
      }),
    getVm: (id) => call("GET", `/v1/vms/${id}`, vmRecordSchema),
    listVms: async (query = {}) =>
      (await call("GET", "/v1/vms", vmPageSchema, { query: { limit: "500", ...query } })).vms,
    async waitForVm(id, what) {
      for (;;) {
        const vm = await call("GET", `/v1/vms/${id}/wait`, vmRecordSchema, {
          query: { for: what, timeoutSeconds: WAIT_SECONDS },
        });
        if (vm.endedAt !== null || (what === "ready" && vm.readyAt !== null)) return vm;
      }
    },
    vmEvents: async (id) => (await call("GET", `/v1/vms/${id}/events`, eventsSchema)).events,
    deleteVm: (id, query) =>
      call("DELETE", `/v1/vms/${id}`, vmRecordSchema, query === undefined ? {} : { query }),
    hosts: async () => (await call("GET", "/v1/hosts", hostsSchema)).hosts,
    host: (name) => call("GET", `/v1/hosts/${name}`, hostRecordSchema),
    capacity: () => call("GET", "/v1/fleet/capacity", capacitySchema),
    createToken: (body) => call("POST", "/v1/tokens", createdTokenSchema, { body }),
    revokeToken: async (id) => {
      await call("DELETE", `/v1/tokens/${id}`, z.unknown());
    },
    team: (name) => call("GET", `/v1/teams/${name}`, teamRecordSchema),
    setTeam: (name, body) => call("PUT", `/v1/teams/${name}`, teamRecordSchema, { body }),
    pool: (name) => call("GET", `/v1/pools/${name}`, poolRecordSchema),
    setPool: (name, body) => call("PUT", `/v1/pools/${name}`, poolRecordSchema, { body }),
    removePool: async (name) => {
      await call("DELETE", `/v1/pools/${name}`, z.null());
    },
    channel: (name) => call("GET", `/v1/channels/${name}`, channelRecordSchema),
    setChannel: (name, body) => call("PUT", `/v1/channels/${name}`, channelRecordSchema, { body }),
    rollOut: (name, body) => call("POST", `/v1/channels/${name}/rollout`, channelRecordSchema, { body }),
    imagePlan: (id) => call("GET", `/v1/image-plans/${id}`, imagePlanRecordSchema),
    drainHost: (name, body) => call("POST", `/v1/hosts/${name}/drain`, hostRecordSchema, { body }),
    uncordonHost: (name) => call("POST", `/v1/hosts/${name}/uncordon`, hostRecordSchema),
  };
}

/** How it looks when nobody is there any more. */
const AWAY = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** Nobody there, or about to go (503): undefined. */
async function unlessAway(send: () => Promise<Response>): Promise<Response | undefined> {
  try {
    const response = await send();
    return response.status === 503 ? undefined : response;
  } catch (error) {
    if (error instanceof Error && "code" in error && AWAY.has(String(error.code))) return undefined;
    throw error;
  }
}
