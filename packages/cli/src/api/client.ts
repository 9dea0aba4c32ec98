import {
  attemptRecordSchema,
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
} from "@tartfleet/shared";
import { z } from "zod";
import type { Connection } from "../connection.ts";
import { callEmpty, callJson, type Call } from "./http.ts";
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
const eventsSchema = z.object({ events: z.array(vmEventSchema) });

/** Events at once; the API's most. */
const EVENTS_A_PAGE = 1000;

/** Rows of the audit log at once; the API's most. */
const AUDIT_A_PAGE = 1000;

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

export interface VmFilter {
  state?: string;
  host?: string;
  jobId?: string;
  name?: string;
  team?: string;
  label?: string;
}

/** A kind of VM that capacity is asked for, as flags say it. */
export interface CapacityFilter {
  image?: string;
  team?: string;
  priority?: string;
  os?: string;
  cpu?: string;
  memoryMiB?: string;
  hostLabels?: string;
}

/** The REST API, one function a call. Failures are CliErrors; aborting `signal` rejects with its reason. */
export function makeClient(connection: Connection) {
  const get = <S extends z.ZodType>(schema: S, call: Omit<Call, "method">) =>
    callJson(connection, { method: "GET", ...call }, schema).then(({ body }) => body);

  return {
    connection,

    /** `created` is false when the idempotency key had made this VM before. */
    async createVm(body: unknown, idempotencyKey: string) {
      const answer = await callJson(
        connection,
        { method: "POST", path: "/v1/vms", body, headers: { "idempotency-key": idempotencyKey } },
        vmRecordSchema,
      );
      return { vm: answer.body, created: answer.status === 201 };
    },

    getVm: (id: string, signal?: AbortSignal) => get(vmRecordSchema, { path: vmPath(id), signal }),

    async holdVm(id: string, body: HoldVm) {
      const call = { method: "POST", path: `${vmPath(id)}/hold`, body } as const;
      return (await callJson(connection, call, vmRecordSchema)).body;
    },

    async unholdVm(id: string) {
      const call = { method: "DELETE", path: `${vmPath(id)}/hold` } as const;
      return (await callJson(connection, call, vmRecordSchema)).body;
    },

    explainVm: (id: string) => get(explanationSchema, { path: `${vmPath(id)}/explain` }),

    listVms: (filter: VmFilter, page: { cursor?: string; limit: number }) =>
      get(vmPageSchema, { path: "/v1/vms", query: { ...filter, ...page } }),

    /** The long poll: the VM when it has come that far, or as it is after the time. */
    waitForVm: (id: string, goal: Goal, timeoutSeconds: number, signal?: AbortSignal) =>
      get(vmRecordSchema, {
        path: `${vmPath(id)}/wait`,
        query: { for: goal, timeoutSeconds },
        patienceMs: timeoutSeconds * 1000,
        signal,
      }),

    /** The whole history after an event, oldest first. */
    async vmEvents(id: string, after: number) {
      const events: z.infer<typeof vmEventSchema>[] = [];
      for (;;) {
        const page = await get(eventsSchema, {
          path: `${vmPath(id)}/events`,
          query: { after: events.at(-1)?.id ?? after, limit: EVENTS_A_PAGE },
        });
        events.push(...page.events);
        if (page.events.length < EVENTS_A_PAGE) return events;
      }
    },

    deleteVm: async (id: string) =>
      (await callJson(connection, { method: "DELETE", path: vmPath(id) }, vmRecordSchema)).body,

    listHosts: async () => (await get(hostsSchema, { path: "/v1/hosts" })).hosts,
    getHost: (name: string) => get(hostRecordSchema, { path: hostPath(name) }),
    cordonHost: async (name: string, body: CordonHost) =>
      (
        await callJson(
          connection,
          { method: "POST", path: `${hostPath(name)}/cordon`, body },
          hostRecordSchema,
        )
      ).body,
    uncordonHost: async (name: string) =>
      (await callJson(connection, { method: "POST", path: `${hostPath(name)}/uncordon` }, hostRecordSchema))
        .body,
    drainHost: async (name: string, body: z.input<typeof drainHostSchema>) =>
      (
        await callJson(
          connection,
          { method: "POST", path: `${hostPath(name)}/drain`, body },
          hostRecordSchema,
        )
      ).body,
    removeHost: async (
      name: string,
      { force, dryRun }: { force?: true | undefined; dryRun?: true | undefined },
    ) =>
      (
        await callJson(
          connection,
          {
            method: "DELETE",
            path: hostPath(name),
            query: { force: force && "true", dryRun: dryRun && "true" },
          },
          removedHostSchema,
        )
      ).body,
    board: () => get(boardSchema, { path: "/v1/fleet/board" }),
    queue: (limit: number) => get(queuePageSchema, { path: "/v1/fleet/queue", query: { limit } }),
    capacity: (query: CapacityFilter = {}) =>
      get(capacitySchema, { path: "/v1/fleet/capacity", query: { ...query } }),

    auditPage: (filter: AuditFilter, page: AuditPlace) =>
      get(auditPageSchema, { path: "/v1/audit", query: { ...filter, ...page } }),

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
      (await get(attemptsSchema, { path: "/v1/attempts", query })).attempts,
    listImages: async () => (await get(imagesSchema, { path: "/v1/images" })).images,
    pruneImages: async (body: z.input<typeof pruneImagesSchema>) =>
      (await callJson(connection, { method: "POST", path: "/v1/images/prune", body }, prunedHostsSchema)).body
        .hosts,
    listImagePlans: async () => (await get(imagePlansSchema, { path: "/v1/image-plans" })).plans,
    getImagePlan: (id: string, signal?: AbortSignal) =>
      get(imagePlanRecordSchema, { path: imagePlanPath(id), signal }),
    planImage: async (body: z.input<typeof planImageSchema>) =>
      (await callJson(connection, { method: "POST", path: "/v1/image-plans", body }, imagePlanRecordSchema))
        .body,
    endImagePlan: async (id: string) =>
      (await callJson(connection, { method: "DELETE", path: imagePlanPath(id) }, imagePlanRecordSchema)).body,
    listChannels: async () => (await get(channelsSchema, { path: "/v1/channels" })).channels,
    getChannel: (name: string) => get(channelRecordSchema, { path: channelPath(name) }),
    setChannel: async (name: string, body: SetChannel) =>
      (await callJson(connection, { method: "PUT", path: channelPath(name), body }, channelRecordSchema))
        .body,
    rollOutChannel: async (name: string, body: z.input<typeof rollOutSchema>) => {
      const path = `${channelPath(name)}/rollout`;
      return (await callJson(connection, { method: "POST", path, body }, channelRecordSchema)).body;
    },
    rollBackChannel: async (name: string) => {
      const path = `${channelPath(name)}/rollback`;
      return (await callJson(connection, { method: "POST", path }, channelRecordSchema)).body;
    },
    removeChannel: (name: string) => callEmpty(connection, { method: "DELETE", path: channelPath(name) }),

    listPools: async () => (await get(poolsSchema, { path: "/v1/pools" })).pools,
    getPool: (name: string) => get(poolRecordSchema, { path: poolPath(name) }),
    setPool: async (name: string, body: SetPoolInput) =>
      (await callJson(connection, { method: "PUT", path: poolPath(name), body }, poolRecordSchema)).body,
    removePool: (name: string) => callEmpty(connection, { method: "DELETE", path: poolPath(name) }),

    listTeams: async () => (await get(teamsSchema, { path: "/v1/teams" })).teams,
    getTeam: (name: string) => get(teamRecordSchema, { path: teamPath(name) }),
    setTeam: async (name: string, body: SetShare) =>
      (await callJson(connection, { method: "PUT", path: teamPath(name), body }, teamRecordSchema)).body,
    removeTeam: (name: string) => callEmpty(connection, { method: "DELETE", path: teamPath(name) }),

    slotReport: (query: SlotReportAsked) =>
      get(slotReportSchema, { path: "/v1/reports/slot-minutes", query: { ...query } }),
    history: (query: HistoryQuery) => get(historySchema, { path: "/v1/history", query: { ...query } }),

    createToken: async (body: CreateToken) =>
      (await callJson(connection, { method: "POST", path: "/v1/tokens", body }, createdTokenSchema)).body,
    rotateToken: async (id: string, body: RotateToken) => {
      const path = `/v1/tokens/${encodeURIComponent(id)}/rotate`;
      return (await callJson(connection, { method: "POST", path, body }, createdTokenSchema)).body;
    },
    listTokens: async () => (await get(tokensSchema, { path: "/v1/tokens" })).tokens,
    revokeHost: (name: string) =>
      callEmpty(connection, { method: "DELETE", path: `${hostPath(name)}/credential` }),
    revokeToken: (id: string) =>
      callEmpty(connection, { method: "DELETE", path: `/v1/tokens/${encodeURIComponent(id)}` }),

    ...webhookCalls(connection),
  };
}

export type Client = ReturnType<typeof makeClient>;

/** Where a VM is in the API. */
export function vmPath(id: string): string {
  return `/v1/vms/${encodeURIComponent(id)}`;
}

function hostPath(name: string): string {
  return `/v1/hosts/${encodeURIComponent(name)}`;
}

function teamPath(name: string): string {
  return `/v1/teams/${encodeURIComponent(name)}`;
}

function imagePlanPath(id: string): string {
  return `/v1/image-plans/${encodeURIComponent(id)}`;
}

function poolPath(name: string): string {
  return `/v1/pools/${encodeURIComponent(name)}`;
}

function channelPath(name: string): string {
  return `/v1/channels/${encodeURIComponent(name)}`;
}
