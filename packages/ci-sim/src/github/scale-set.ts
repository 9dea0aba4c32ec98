import { randomBytes, randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { UnsecuredJWT } from "jose";
import { z } from "zod";
import type { Auth } from "./auth.ts";
import { json, Refusal, route, type Call, type Route } from "./http.ts";
import type { Jobs, SimJob } from "./jobs.ts";
import { GROUPS, type Runners } from "./runners.ts";
import { eventOf, MESSAGE_OF, toldOf } from "./set-messages.ts";

/** How long the admin token and a session's token live. */
const TOKEN_MS = 3_600_000;
/** Messages that were not deleted are batched in one answer, at most so many. */
const MOST_IN_BATCH = 50;

interface Session {
  sessionId: string;
  ownerName: string;
  token: string;
  until: number;
}

interface Message {
  messageId: number;
  events: object[];
  isSent: boolean;
}

export interface SimScaleSet {
  id: number;
  name: string;
  groupId: number;
  labels: string[];
  scope: string;
  session: Session | null;
  messages: Message[];
  lastMessageId: number;
  /** What the listener said last that it can take. */
  capacity: number | null;
  /** Jobs that were offered to it and that it has not acquired. */
  offered: Set<number>;
}

const registration = z.strictObject({ url: z.url(), runner_event: z.literal("register") });
const newSet = z.strictObject({
  name: z.string().min(1),
  runnerGroupId: z.int(),
  labels: z.array(z.strictObject({ name: z.string().min(1), type: z.literal("System") })).min(1),
  runnerSetting: z.strictObject({ disableUpdate: z.boolean() }).optional(),
});
/** Named with its assembly, as the service's exceptions are. */
const EXISTS = "GitHub.Actions.Runtime.WebApi.RunnerScaleSetExistsException, GitHub.Actions.Runtime.WebApi";
const newSession = z.strictObject({ ownerName: z.string().min(1) });
const jitSetting = z.strictObject({ name: z.string().min(1).max(64), workFolder: z.string() });

/**
 * How waiting jobs come to a set that has room: github.com assigns them, an Enterprise Server offers them and has the
 * listener acquire them. Both fill a set up to the capacity that it said last, jobs that run included.
 */
export type Dispatch = "assign" | "offer";

/**
 * The Actions service's runner scale sets, as actions/scaleset (6ce0259) speaks to it: an admin connection by a
 * registration token, one session per set, and a queue whose messages stay until they are deleted.
 */
export function makeScaleSets(
  { auth, runners, jobs }: { auth: Auth; runners: Runners; jobs: Jobs },
  {
    base,
    pollMs,
    dispatch,
    timeout,
  }: { base: string; pollMs: number; dispatch: Dispatch; timeout(ms: number): AbortSignal },
) {
  const sets: SimScaleSet[] = [];
  const admins = new Map<string, { scope: string; until: number }>();
  const bell = new EventEmitter<{ message: [] }>().setMaxListeners(0);

  const ofSet = (set: SimScaleSet) => jobs.all.filter(({ setId }) => setId === set.id);
  const fits = (set: SimScaleSet, job: SimJob) => job.labels.every((label) => set.labels.includes(label));

  function statisticsOf(set: SimScaleSet) {
    const own = ofSet(set).filter(({ status }) => status !== "completed");
    const registered = runners.all().filter(({ setId }) => setId === set.id);
    const busy = registered.filter(({ busy }) => busy).length;
    return {
      totalAvailableJobs: jobs.all.filter(
        (job) => job.setId === null && job.status === "queued" && fits(set, job),
      ).length,
      totalAcquiredJobs: own.length,
      totalAssignedJobs: own.length,
      totalRunningJobs: own.filter(({ status }) => status === "in_progress").length,
      totalRegisteredRunners: registered.length,
      totalBusyRunners: busy,
      totalIdleRunners: registered.filter(({ status }) => status === "online").length - busy,
    };
  }

  function push(set: SimScaleSet, messageType: string, job: SimJob): void {
    const event = eventOf(messageType, job);
    const tail = set.messages.at(-1);
    if (tail && !tail.isSent && tail.events.length < MOST_IN_BATCH) tail.events.push(event);
    else set.messages.push({ messageId: (set.lastMessageId += 1), events: [event], isSent: false });
    bell.emit("message");
  }

  /** Fills the set with jobs that wait, as far as it said that it can take them. */
  function fill(set: SimScaleSet): void {
    const waiting = jobs.all.filter(
      (job) => job.status === "queued" && job.setId === null && !isOffered(job) && fits(set, job),
    );
    const taken = ofSet(set).filter(({ status }) => status !== "completed").length + set.offered.size;
    for (const job of waiting.slice(0, Math.max(0, (set.capacity ?? 0) - taken))) {
      if (dispatch === "offer") {
        set.offered.add(job.id);
        push(set, "JobAvailable", job);
      } else {
        job.setId = set.id;
        push(set, "JobAssigned", job);
      }
    }
  }

  const isOffered = ({ id }: SimJob) => sets.some(({ offered }) => offered.has(id));

  jobs.onChange((job, change) => {
    // A waiting job is given out by the next question for a message.
    if (change === "queued") return void bell.emit("message");
    for (const { offered } of sets) offered.delete(job.id);
    const set = sets.find(({ id }) => id === job.setId);
    if (set) push(set, MESSAGE_OF[change], job);
  });

  function admin(request: Request): { scope: string } {
    const found = admins.get(bearer(request));
    if (!found || found.until <= Date.now()) throw new Refusal(401, "The token is not valid.");
    return found;
  }

  const asAdmin = (handle: (call: Call, scope: string) => Promise<Response> | Response) => (call: Call) => {
    if (call.url.searchParams.get("api-version") !== "6.0-preview")
      throw new Refusal(400, "api-version is missing");
    return handle(call, admin(call.request).scope);
  };

  function requiredSet(at: Record<string, string>): SimScaleSet {
    const set = sets.find(({ id }) => id === Number(at["set"]));
    if (!set) throw new Refusal(404, "Not Found", { body: { typeName: "RunnerScaleSetNotFoundException" } });
    return set;
  }

  function requiredSession(set: SimScaleSet, request: Request): Session {
    const { session } = set;
    if (session?.token !== bearer(request) || session.until <= Date.now())
      throw new Refusal(401, "The message queue token is not valid.");
    return session;
  }

  const setShown = (set: SimScaleSet) => ({
    id: set.id,
    name: set.name,
    runnerGroupId: set.groupId,
    runnerGroupName: GROUPS.find(({ id }) => id === set.groupId)?.name,
    labels: set.labels.map((name) => ({ name, type: "System" })),
    statistics: statisticsOf(set),
  });

  const sessionShown = (set: SimScaleSet, { sessionId, ownerName, token }: Session) => ({
    sessionId,
    ownerName,
    runnerScaleSet: setShown(set),
    messageQueueUrl: `${base}/queue/${set.id}`,
    messageQueueAccessToken: token,
    statistics: statisticsOf(set),
  });

  const freshToken = () => ({ token: randomBytes(24).toString("hex"), until: Date.now() + TOKEN_MS });
  const SETS = "/_apis/runtime/runnerscalesets";

  const routes: Route[] = [
    route("POST /actions/runner-registration", async ({ request, body }) => {
      const token = (request.headers.get("authorization") ?? "").replace(/^RemoteAuth /, "");
      if (!auth.takesRegistrationToken(token)) throw new Refusal(401, "Bad credentials");
      const asked = await body(registration);
      const until = Date.now() + TOKEN_MS;
      const jwt = new UnsecuredJWT({ jti: randomUUID() })
        .setExpirationTime(Math.floor(until / 1000))
        .encode();
      admins.set(jwt, { scope: scopeOfUrl(asked.url), until });
      return json(200, { url: base, token: jwt });
    }),
    route(
      "GET /_apis/runtime/runnergroups/",
      asAdmin(({ url: asked }) => {
        const name = asked.searchParams.get("groupName");
        const value = GROUPS.filter((group) => group.usable && group.name === name);
        return json(200, { count: value.length, value });
      }),
    ),
    route(
      `GET ${SETS}`,
      asAdmin(({ url: asked }, scope) => {
        const value = sets.filter(
          (set) =>
            set.scope === scope &&
            set.name === asked.searchParams.get("name") &&
            set.groupId === Number(asked.searchParams.get("runnerGroupId")),
        );
        return json(200, { count: value.length, value: value.map(setShown) });
      }),
    ),
    route(
      `POST ${SETS}`,
      asAdmin(async ({ body }, scope) => {
        const { name, runnerGroupId, labels } = await body(newSet);
        if (!GROUPS.some(({ id, usable }) => usable && id === runnerGroupId))
          throw new Refusal(404, "Not Found");
        if (sets.some((set) => set.scope === scope && set.name === name))
          throw new Refusal(400, `Runner scale set ${name} already exists.`, { body: { typeName: EXISTS } });
        const set: SimScaleSet = {
          id: sets.length + 1,
          name,
          groupId: runnerGroupId,
          labels: labels.map((label) => label.name),
          scope,
          session: null,
          messages: [],
          lastMessageId: 0,
          capacity: null,
          offered: new Set(),
        };
        sets.push(set);
        return json(200, setShown(set));
      }),
    ),
    route(
      `POST ${SETS}/{set}/sessions`,
      asAdmin(async ({ at, body }) => {
        const set = requiredSet(at);
        const { ownerName } = await body(newSession);
        if (set.session)
          throw new Refusal(409, `The runner scale set ${set.name} already has an active session.`, {
            body: { typeName: "RunnerScaleSetSessionConflictException" },
          });
        const session = { sessionId: randomUUID(), ownerName, ...freshToken() };
        set.session = session;
        return json(200, sessionShown(set, session));
      }),
    ),
    route(
      `PATCH ${SETS}/{set}/sessions/{session}`,
      asAdmin(({ at }) => {
        const set = requiredSet(at);
        const { session } = set;
        if (!session || session.sessionId !== at["session"]) throw new Refusal(404, "Not Found");
        Object.assign(session, freshToken());
        return json(200, sessionShown(set, session));
      }),
    ),
    route(
      `DELETE ${SETS}/{set}/sessions/{session}`,
      asAdmin(({ at }) => {
        const set = requiredSet(at);
        if (set.session?.sessionId !== at["session"]) throw new Refusal(404, "Not Found");
        set.session = null;
        bell.emit("message");
        return new Response(null, { status: 204 });
      }),
    ),
    route(`POST ${SETS}/{set}/acquirejobs`, async ({ at, request, body }) => {
      const set = requiredSet(at);
      requiredSession(set, request);
      const ids = await body(z.array(z.int()));
      const value = ids.filter((id) => {
        const job = jobs.all.find(({ requestId }) => requestId === id);
        if (job?.status !== "queued" || job.setId !== null || !fits(set, job)) return false;
        job.setId = set.id;
        set.offered.delete(job.id);
        push(set, "JobAssigned", job);
        return true;
      });
      return json(200, { count: value.length, value });
    }),
    route(
      `POST ${SETS}/{set}/generatejitconfig`,
      asAdmin(async ({ at, body }) => {
        const set = requiredSet(at);
        const { name } = await body(jitSetting);
        const { scope, groupId, labels } = set;
        const { runner, jit } = runners.register({ name, labels, scope, groupId, setId: set.id });
        return json(200, {
          runner: { id: runner.id, name, runnerScaleSetId: set.id },
          encodedJITConfig: jit,
        });
      }),
    ),
    route("GET /queue/{set}", async ({ at, request, url: asked }) => {
      const set = requiredSet(at);
      const capacity = request.headers.get("x-scalesetmaxcapacity");
      if (capacity === null || !/^\d+$/.test(capacity))
        throw new Refusal(400, "X-ScaleSetMaxCapacity is missing");
      const last = Number(asked.searchParams.get("lastMessageId") ?? 0);
      const over = AbortSignal.any([request.signal, timeout(pollMs)]);
      set.capacity = Number(capacity);
      for (;;) {
        if (request.signal.aborted) return new Response(null, { status: 202 });
        requiredSession(set, request);
        fill(set);
        const message = set.messages.find(({ messageId }) => messageId > last);
        if (message) {
          message.isSent = true;
          return json(200, {
            messageId: message.messageId,
            messageType: "RunnerScaleSetJobMessages",
            body: JSON.stringify(message.events),
            statistics: statisticsOf(set),
          });
        }
        if (over.aborted) return new Response(null, { status: 202 });
        await once(bell, "message", { signal: over }).catch(() => {});
      }
    }),
    route("DELETE /queue/{set}/{message}", ({ at, request }) => {
      const set = requiredSet(at);
      requiredSession(set, request);
      set.messages = set.messages.filter(({ messageId }) => messageId !== Number(at["message"]));
      return new Response(null, { status: 204 });
    }),
  ];

  return {
    routes,
    sets,
    /** As after a fault of the service: what was told of these jobs is told again, the newest first. */
    tellAgain(set: SimScaleSet): void {
      for (const job of ofSet(set).toReversed()) {
        for (const type of toldOf(job).toReversed()) push(set, type, job);
      }
    },
    /** The sessions' tokens are over before their time. */
    expireTokens(): void {
      for (const { session } of sets) if (session) session.until = 0;
      admins.clear();
      bell.emit("message");
    },
  };
}

const bearer = (request: Request): string =>
  (request.headers.get("authorization") ?? "").replace(/^Bearer /, "");

/** `https://github.com/acme` is an organisation, `…/acme/app` a repository, `…/enterprises/acme` an enterprise. */
function scopeOfUrl(text: string): string {
  const [first = "", second] = new URL(text).pathname.split("/").filter(Boolean);
  if (first === "enterprises") return `enterprises/${second ?? ""}`;
  return second === undefined ? `orgs/${first}` : `repos/${first}/${second}`;
}
