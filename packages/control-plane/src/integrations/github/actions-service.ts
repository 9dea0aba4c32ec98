import { decodeJwt } from "jose";
import { z } from "zod";
import type { Fetch, GithubApi } from "./api.ts";
import { makeBudget } from "./budget.ts";
import { apiUrl, labelsOf, scopeUrl, type RunnerDefinition, type Scope } from "./config.ts";
import { noSuchGroup, NotAsConfiguredError } from "./not-as-configured.ts";

/*
 * The Actions service's runner scale sets, which GitHub documents by its Go client alone
 * (github.com/actions/scaleset, 6ce0259). All of it is called from here; nothing has to reach us.
 */

const API_VERSION = "6.0-preview";
const SETS = "_apis/runtime/runnerscalesets";
/** Everybody's group, which each organisation has. */
const DEFAULT_GROUP = { id: 1, name: "default" };
const TIMEOUT_MS = 30_000;
/** The service holds a question for a message open for about 50 s. */
const POLL_TIMEOUT_MS = 120_000;
/** So long before its end an admin token is renewed. */
const EARLY_MS = 60_000;

const connectionSchema = z.object({ url: z.url(), token: z.string().min(1) });
const setSchema = z.object({ id: z.int(), name: z.string() });
const setsSchema = z.object({ value: z.array(setSchema) });
const groupsSchema = z.object({ value: z.array(z.object({ id: z.int() })) });
const statisticsSchema = z.object({ totalAssignedJobs: z.int(), totalRunningJobs: z.int() });
const sessionSchema = z.object({
  sessionId: z.string().min(1),
  messageQueueUrl: z.url(),
  messageQueueAccessToken: z.string().min(1),
  statistics: statisticsSchema.nullish(),
});
const jobMessageSchema = z.object({
  messageType: z.string(),
  runnerRequestId: z.int(),
  jobId: z.string().default(""),
  ownerName: z.string().default(""),
  repositoryName: z.string().default(""),
  workflowRunId: z.int().default(0),
  jobDisplayName: z.string().default(""),
  runnerName: z.string().default(""),
});
const messageSchema = z.object({
  messageId: z.int(),
  messageType: z.literal("RunnerScaleSetJobMessages"),
  body: z.string(),
  statistics: statisticsSchema.nullish(),
});
const jitSchema = z.object({ encodedJITConfig: z.string().min(1) });

export type Session = z.infer<typeof sessionSchema>;
export type JobMessage = z.infer<typeof jobMessageSchema>;
export interface SetMessage {
  id: number;
  jobs: JobMessage[];
  statistics: z.infer<typeof statisticsSchema> | undefined;
}

/** The service did not do what it was asked. */
export class ServiceError extends Error {
  readonly status: number;
  /** What of its kind the service says it is. */
  readonly type: string | undefined;

  constructor(what: string, status: number, said: string) {
    super(`${what}: GitHub answered ${status}: ${said.slice(0, 300)}`);
    this.name = "ServiceError";
    this.status = status;
    this.type = /"typeName"\s*:\s*"(?:[^",]*\.)?(\w+)[",]/.exec(said)?.[1];
  }
}

/** One organisation's, repository's or enterprise's scale sets. Everything may throw: what fails is tried again later. */
export function makeActionsService(
  { url, scope }: { url: string; scope: Scope },
  { api, fetch, now }: { api: Pick<GithubApi, "registrationToken">; fetch: Fetch; now: () => number },
) {
  const budget = makeBudget(now);
  let connection: { url: string; token: string; until: number } | undefined;

  async function connect(): Promise<{ url: string; token: string }> {
    if (connection && now() < connection.until - EARLY_MS) return connection;
    const registration = await api.registrationToken(scope);
    const found = await call(`${apiUrl(url)}/actions/runner-registration`, {
      method: "POST",
      headers: { authorization: `RemoteAuth ${registration}` },
      body: { url: scopeUrl(url, scope), runner_event: "register" },
    });
    const { url: serviceUrl, token } = connectionSchema.parse(await found.json());
    connection = { url: serviceUrl, token, until: (decodeJwt(token).exp ?? 0) * 1000 };
    return connection;
  }

  async function call(
    target: string,
    {
      method,
      headers = {},
      body,
      signal = AbortSignal.timeout(TIMEOUT_MS),
    }: { method: string; headers?: Record<string, string>; body?: unknown; signal?: AbortSignal },
  ): Promise<Response> {
    budget.require();
    const response = await fetch(target, {
      method,
      signal,
      headers: { "user-agent": "tartfleet", "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = response.ok ? "" : await response.text();
    budget.heard(response.status, Object.fromEntries(response.headers), said);
    if (response.ok) return response;
    throw new ServiceError(`${method} ${new URL(target).pathname}`, response.status, said);
  }

  /** A call as the admin. A token that is not taken any more is renewed once. */
  async function admin(method: string, path: string, body?: unknown): Promise<Response> {
    const send = async () => {
      const { url: base, token } = await connect();
      const target = new URL(`${base.replace(/\/+$/, "")}/${path}`);
      target.searchParams.set("api-version", API_VERSION);
      return call(target.href, { method, body, headers: { authorization: `Bearer ${token}` } });
    };
    try {
      return await send();
    } catch (error) {
      if (!isStatus(error, 401)) throw error;
      connection = undefined;
      return send();
    }
  }

  async function groupOf({ runnerGroup }: RunnerDefinition): Promise<number> {
    if (runnerGroup === undefined) return DEFAULT_GROUP.id;
    const query = new URLSearchParams({ groupName: runnerGroup });
    const { value } = groupsSchema.parse(
      await (await admin("GET", `_apis/runtime/runnergroups/?${query.toString()}`)).json(),
    );
    if (value[0]) return value[0].id;
    throw new NotAsConfiguredError(noSuchGroup(runnerGroup));
  }

  const queue = (session: Session) => ({ authorization: `Bearer ${session.messageQueueAccessToken}` });

  return {
    /** The id of the definition's scale set, which is made when there is none; it is never deleted. */
    async ensureSet(definition: RunnerDefinition): Promise<number> {
      const { name } = definition;
      const runnerGroupId = await groupOf(definition);
      const query = new URLSearchParams({ runnerGroupId: String(runnerGroupId), name });
      const { value } = setsSchema.parse(await (await admin("GET", `${SETS}?${query.toString()}`)).json());
      if (value[0]) return value[0].id;
      const labels = labelsOf(definition).map((each) => ({ name: each, type: "System" }));
      try {
        const made = await admin("POST", SETS, {
          name,
          runnerGroupId,
          labels,
          runnerSetting: { disableUpdate: true },
        });
        return setSchema.parse(await made.json()).id;
      } catch (error) {
        if (!(error instanceof ServiceError) || error.type !== "RunnerScaleSetExistsException") throw error;
        throw new NotAsConfiguredError({
          code: "scale_set_elsewhere",
          message: `The scale set ${name} is there already, in another runner group. Give the definition that runnerGroup, or another name; or remove the set at GitHub, with no runner of it at work.`,
        });
      }
    },

    /** @returns undefined while somebody else has the set's one session */
    async openSession(setId: number, ownerName: string): Promise<Session | undefined> {
      try {
        return sessionSchema.parse(
          await (await admin("POST", `${SETS}/${setId}/sessions`, { ownerName })).json(),
        );
      } catch (error) {
        if (isStatus(error, 409)) return undefined;
        throw error;
      }
    },

    /** A token of a session that is not taken any more is replaced. */
    refreshSession: async (setId: number, { sessionId }: Session): Promise<Session> =>
      sessionSchema.parse(await (await admin("PATCH", `${SETS}/${setId}/sessions/${sessionId}`)).json()),

    async endSession(setId: number, sessionId: string): Promise<void> {
      try {
        await admin("DELETE", `${SETS}/${setId}/sessions/${sessionId}`);
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    },

    /** The next message; undefined when none came for about 50 s. Throws a ServiceError 401 when the session is over. */
    async nextMessage(
      session: Session,
      { after, capacity, signal }: { after: number; capacity: number; signal: AbortSignal },
    ): Promise<SetMessage | undefined> {
      const target = new URL(session.messageQueueUrl);
      if (after > 0) target.searchParams.set("lastMessageId", String(after));
      const response = await call(target.href, {
        method: "GET",
        headers: {
          ...queue(session),
          accept: `application/json; api-version=${API_VERSION}`,
          "x-scalesetmaxcapacity": String(capacity),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]),
      });
      if (response.status === 202) return undefined;
      const { messageId, body, statistics } = messageSchema.parse(await response.json());
      const jobs = body === "" ? [] : z.array(jobMessageSchema).parse(JSON.parse(body));
      return { id: messageId, jobs, statistics: statistics ?? undefined };
    },

    /** The message was handled, and need not come again. */
    async acknowledge(session: Session, messageId: number): Promise<void> {
      const target = new URL(session.messageQueueUrl);
      target.pathname += `/${messageId}`;
      await call(target.href, { method: "DELETE", headers: queue(session) });
    },

    /** Says that these jobs are to be ours; those that are come as assigned. */
    async acquire(setId: number, session: Session, requestIds: readonly number[]): Promise<void> {
      const { url: base } = await connect();
      const target = new URL(`${base.replace(/\/+$/, "")}/${SETS}/${setId}/acquirejobs`);
      target.searchParams.set("api-version", API_VERSION);
      await call(target.href, { method: "POST", body: requestIds, headers: queue(session) });
    },

    /** A runner of the set that takes one job; the answer is what its process is given. */
    async generateJit(setId: number, name: string): Promise<string> {
      const made = await admin("POST", `${SETS}/${setId}/generatejitconfig`, { name, workFolder: "_work" });
      return jitSchema.parse(await made.json()).encodedJITConfig;
    },
  };
}

export type ActionsService = ReturnType<typeof makeActionsService>;

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof ServiceError && error.status === status;
