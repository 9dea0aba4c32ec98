import type { CallOptions, CreateVm, Operations } from "@tartfleet/client";
import {
  VM_EVENT_TYPES,
  attemptRecordSchema,
  changesSchema,
  auditPageSchema,
  boardSchema,
  capacitySchema,
  createdTokenSchema,
  explanationSchema,
  historySchema,
  slotReportSchema,
  hostRecordSchema,
  imagePlanRecordSchema,
  imageRecordSchema,
  prunedHostSchema,
  removedHostSchema,
  channelRecordSchema,
  poolRecordSchema,
  queuePageSchema,
  teamRecordSchema,
  tokenRecordSchema,
  vmEventSchema,
  vmPageSchema,
  vmRecordSchema,
  type AuditPage,
  type AuditRecord,
  type GuestOs,
  type HistoryQuery,
  type HoldVm,
  type CordonHost,
  type drainHostSchema,
  type CreateToken,
  type planImageSchema,
  type pruneImagesSchema,
  type RotateToken,
  type rollOutSchema,
  type SetChannel,
  type SetPoolInput,
  type SetShare,
  type Topic,
  type VmEvent,
} from "@tartfleet/shared";
import { z } from "zod";
import type { Connection } from "../connection.ts";
import { makePlane, type Waiting } from "./plane.ts";
import { webhookCalls } from "./webhooks.ts";

/** As they come over the wire; an unknown field of a newer control plane is passed on to `--json`. */
const hostsSchema = z.object({ hosts: z.array(hostRecordSchema) });
const attemptsSchema = z.object({ attempts: z.array(attemptRecordSchema) });
const imagesSchema = z.object({ images: z.array(imageRecordSchema) });
const imagePlansSchema = z.object({ plans: z.array(imagePlanRecordSchema) });
const poolsSchema = z.object({ pools: z.array(poolRecordSchema) });
const prunedHostsSchema = z.object({ hosts: z.array(prunedHostSchema) });
const channelsSchema = z.object({ channels: z.array(channelRecordSchema) });
const teamsSchema = z.object({ teams: z.array(teamRecordSchema) });
const tokensSchema = z.object({ tokens: z.array(tokenRecordSchema) });
const historyOfVmSchema = z.array(vmEventSchema);
const createdVmSchema = z.object({ vm: vmRecordSchema, created: z.boolean() });
/** Of one that a newer control plane tells of, no more is known. */
const anyEventSchema = vmEventSchema.or(z.looseObject({ type: z.string() }));
const EVENT_TYPES: ReadonlySet<string> = new Set(VM_EVENT_TYPES);
const nothingSchema = z.null();

/** Rows of the audit log at once; the API's most. */
const AUDIT_A_PAGE = 1000;
/** For how long a create is sent again whose answer was lost. */
const LOST_ANSWER_MS = 5000;

export interface AuditFilter {
  actor?: string;
  action?: string;
  subject?: string;
  /** ISO 8601. */
  since?: string;
}

/** Days like 2026-03-01; `by` is comma-separated. */
type SlotReportAsked = Record<"from" | "to" | "by" | "team", string | undefined>;

interface AuditPlace {
  after?: number;
  limit: number;
  order?: "oldest" | "newest";
}

export type Goal = "ready" | "ended";

/** A kind of VM that capacity is asked for, as flags say it. */
export type CapacityFilter = Partial<
  Record<Exclude<keyof Operations["GET /v1/fleet/capacity"]["query"], "os">, string>
> & { os?: GuestOs };
export type VmFilter = Partial<
  Record<Exclude<keyof Operations["GET /v1/vms"]["query"], "cursor" | "limit">, string>
>;

/** The REST API, one function a call. Failures are CliErrors; aborting a signal rejects with its reason. */
export function makeClient(connection: Connection, waiting?: Waiting) {
  const on = makePlane(connection, waiting);
  const { ask, checked, checkedAll } = on;

  return {
    connection,

    /** `created` is false when the idempotency key had made this VM before. What the VM may be, the API judges. */
    createVm: (body: unknown, idempotencyKey: string) =>
      checked(createdVmSchema, ({ createVm }) => {
        const retryForMs = waiting?.retryForMs ?? LOST_ANSWER_MS;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return createVm(body as CreateVm, { idempotencyKey, retryForMs });
      }),

    getVm: (id: string, options?: CallOptions) => checked(vmRecordSchema, ({ getVm }) => getVm(id, options)),
    holdVm: (id: string, body: HoldVm) =>
      ask(vmRecordSchema, "POST /v1/vms/{id}/hold", { path: { id }, body }),
    unholdVm: (id: string) => ask(vmRecordSchema, "DELETE /v1/vms/{id}/hold", { path: { id } }),
    explainVm: (id: string) => checked(explanationSchema, ({ explainVm }) => explainVm(id)),
    listVms: (filter: VmFilter, page: { cursor?: string; limit: number }) =>
      ask(vmPageSchema, "GET /v1/vms", { query: { ...filter, ...page } }),
    /** Until it has come that far, or has ended. */
    waitForVm: (id: string, goal: Goal, options?: CallOptions) =>
      checked(vmRecordSchema, ({ waitForVm }) => waitForVm(id, goal, options)),
    /** The whole history after an event, oldest first. */
    vmEvents: (id: string, after: number) =>
      checked(historyOfVmSchema, ({ vmEvents }) => vmEvents(id, { after })),
    /** The history after an event and then live, each event once; ends with the VM. */
    async *followVmEvents(
      id: string,
      { after, signal }: { after: number; signal?: AbortSignal },
    ): AsyncGenerator<VmEvent, void> {
      const events = on.plane.followEvents(id, { after, signal });
      for await (const event of checkedAll(anyEventSchema, events)) if (isKnown(event)) yield event;
    },
    deleteVm: (id: string, options?: CallOptions) =>
      checked(vmRecordSchema, ({ endVm }) => endVm(id, options)),

    listHosts: async () => (await ask(hostsSchema, "GET /v1/hosts")).hosts,
    getHost: (name: string) => ask(hostRecordSchema, "GET /v1/hosts/{name}", { path: { name } }),
    cordonHost: (name: string, body: CordonHost) =>
      ask(hostRecordSchema, "POST /v1/hosts/{name}/cordon", { path: { name }, body }),
    uncordonHost: (name: string) =>
      ask(hostRecordSchema, "POST /v1/hosts/{name}/uncordon", { path: { name } }),
    drainHost: (name: string, body: z.input<typeof drainHostSchema>) =>
      ask(hostRecordSchema, "POST /v1/hosts/{name}/drain", { path: { name }, body }),
    removeHost: (
      name: string,
      { force, dryRun }: { force?: true | undefined; dryRun?: true | undefined },
    ) => {
      const query = { force: force && "true", dryRun: dryRun && "true" };
      return ask(removedHostSchema, "DELETE /v1/hosts/{name}", { path: { name }, query });
    },
    revokeHost: (name: string) =>
      ask(nothingSchema, "DELETE /v1/hosts/{name}/credential", { path: { name } }),

    board: () => ask(boardSchema, "GET /v1/fleet/board"),
    /** The board whole at each connection, then what changes on it, without end. */
    watchBoard: () => checkedAll(boardSchema, on.plane.watch("GET /v1/fleet/board")),
    /** Says whenever something of these topics is to be read: at each connection and as it changes, without end. */
    async *watchTopics(topics: readonly Topic[]): AsyncGenerator<void, void> {
      const wanted: ReadonlySet<string> = new Set(topics);
      for await (const changed of checkedAll(changesSchema, on.plane.watch("GET /v1/fleet/changes")))
        if (changed.topics.some((topic) => wanted.has(topic))) yield;
    },
    queue: (limit: number) => ask(queuePageSchema, "GET /v1/fleet/queue", { query: { limit } }),
    capacity: (query: CapacityFilter = {}) => ask(capacitySchema, "GET /v1/fleet/capacity", { query }),

    auditPage: (filter: AuditFilter, page: AuditPlace) =>
      ask(auditPageSchema, "GET /v1/audit", { query: { ...filter, ...page } }),
    /** Every row that the filter lets through, oldest first, page by page. */
    async *audit(filter: AuditFilter): AsyncGenerator<AuditRecord, void> {
      let after: number | null = 0;
      while (after !== null) {
        const page: AuditPage = await this.auditPage(filter, { after, limit: AUDIT_A_PAGE });
        yield* page.records;
        after = page.next;
      }
    },

    listAttempts: async (query: { host?: string; image?: string; limit?: string }) =>
      (await ask(attemptsSchema, "GET /v1/attempts", { query })).attempts,
    listImages: async () => (await ask(imagesSchema, "GET /v1/images")).images,
    pruneImages: async (body: z.input<typeof pruneImagesSchema>) =>
      (await ask(prunedHostsSchema, "POST /v1/images/prune", { body })).hosts,
    listImagePlans: async () => (await ask(imagePlansSchema, "GET /v1/image-plans")).plans,
    getImagePlan: (id: string, options?: CallOptions) =>
      ask(imagePlanRecordSchema, "GET /v1/image-plans/{id}", { path: { id } }, options),
    planImage: (body: z.input<typeof planImageSchema>) =>
      ask(imagePlanRecordSchema, "POST /v1/image-plans", { body }),
    endImagePlan: (id: string) => ask(imagePlanRecordSchema, "DELETE /v1/image-plans/{id}", { path: { id } }),
    listChannels: async () => (await ask(channelsSchema, "GET /v1/channels")).channels,
    getChannel: (name: string) => ask(channelRecordSchema, "GET /v1/channels/{name}", { path: { name } }),
    setChannel: (name: string, body: SetChannel) =>
      ask(channelRecordSchema, "PUT /v1/channels/{name}", { path: { name }, body }),
    rollOutChannel: (name: string, body: z.input<typeof rollOutSchema>) =>
      ask(channelRecordSchema, "POST /v1/channels/{name}/rollout", { path: { name }, body }),
    rollBackChannel: (name: string) =>
      ask(channelRecordSchema, "POST /v1/channels/{name}/rollback", { path: { name } }),
    removeChannel: (name: string) => ask(nothingSchema, "DELETE /v1/channels/{name}", { path: { name } }),

    listPools: async () => (await ask(poolsSchema, "GET /v1/pools")).pools,
    getPool: (name: string) => ask(poolRecordSchema, "GET /v1/pools/{name}", { path: { name } }),
    setPool: (name: string, body: SetPoolInput) =>
      ask(poolRecordSchema, "PUT /v1/pools/{name}", { path: { name }, body }),
    removePool: (name: string) => ask(nothingSchema, "DELETE /v1/pools/{name}", { path: { name } }),

    listTeams: async () => (await ask(teamsSchema, "GET /v1/teams")).teams,
    getTeam: (name: string) => ask(teamRecordSchema, "GET /v1/teams/{name}", { path: { name } }),
    setTeam: (name: string, body: SetShare) =>
      ask(teamRecordSchema, "PUT /v1/teams/{name}", { path: { name }, body }),
    removeTeam: (name: string) => ask(nothingSchema, "DELETE /v1/teams/{name}", { path: { name } }),

    slotReport: (query: SlotReportAsked) => ask(slotReportSchema, "GET /v1/reports/slot-minutes", { query }),
    history: (query: HistoryQuery) => ask(historySchema, "GET /v1/history", { query }),

    createToken: (body: CreateToken) => ask(createdTokenSchema, "POST /v1/tokens", { body }),
    rotateToken: (id: string, body: RotateToken) =>
      ask(createdTokenSchema, "POST /v1/tokens/{id}/rotate", { path: { id }, body }),
    listTokens: async () => (await ask(tokensSchema, "GET /v1/tokens")).tokens,
    revokeToken: (id: string) => ask(nothingSchema, "DELETE /v1/tokens/{id}", { path: { id } }),

    ...webhookCalls(on),
  };
}

export type Client = ReturnType<typeof makeClient>;

function isKnown(event: { type: string }): event is VmEvent {
  return EVENT_TYPES.has(event.type);
}
