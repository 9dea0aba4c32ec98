import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readAll } from "node:stream/consumers";
import {
  attemptsQuerySchema,
  auditQuerySchema,
  CallError,
  cordonHostSchema,
  createTokenSchema,
  createVmSchema,
  planImageSchema,
  pruneImagesSchema,
  drainHostSchema,
  holdVmSchema,
  rotateTokenSchema,
  rollOutSchema,
  setChannelSchema,
  setPoolSchema,
  type PoolRecord,
  setShareSchema,
  toProblem,
} from "@tartfleet/shared";
import type {
  AuditRecord,
  CordonRecord,
  HostRecord,
  ImagePlanRecord,
  TeamRecord,
  TokenRole,
  VmRecord,
  VmState,
} from "@tartfleet/shared";
import type { z } from "zod";
import {
  capacityRecord,
  channelRecord,
  explanation,
  hostRecord,
  historyOf,
  slotReport,
  imagePlanRecord,
  poolRecord,
  prunedHost,
} from "./records.ts";
import { makeFleet } from "./board.ts";
import { makeVms } from "./vms.ts";
import { makeWebhooks } from "./webhooks.ts";

function cordonOf(verb: string | undefined, body: unknown): CordonRecord {
  const since = "2026-01-01T00:00:00.000Z";
  const made = { by: "token ana (ana0)", since, until: null, breaker: null };
  if (verb === "cordon") return { ...made, reason: parsed(cordonHostSchema, body).reason, drain: null };
  const { reason, endVms } = parsed(drainHostSchema, body);
  return { ...made, reason, drain: { deadlineAt: since, endVms, isDone: false, isOverdue: false } };
}

/** Tokens that the stand-in knows. */
export const TOKENS: Readonly<Record<TokenRole, string>> = {
  admin: "tf_admin_secret_0001",
  ci: "tf_ci_secret_0002",
  viewer: "tf_viewer_secret_0003",
  "host-enrolment": "tf_enrolment_secret_0004",
};
/** What the stand-in hands out as a new token. */
export const NEW_TOKEN = "tf_new_secret_0005";

interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/**
 * Behaves like the control plane's REST API towards one client, without hosts: tests move its VMs along.
 * A long poll is answered after `pollMs` however long the caller would wait.
 */
export async function startStandIn({ pollMs = 30, prefix = "" } = {}) {
  const vms = makeVms();
  const hosts: HostRecord[] = [hostRecord("mac-1"), hostRecord("mac-2", { connected: false })];
  const pools = new Map<string, PoolRecord>();
  const teams = new Map<string, TeamRecord>();
  const teamOf = (name = ""): TeamRecord =>
    teams.get(name) ?? { name, guaranteed: 0, cap: null, weight: 1, isSet: false, held: 3, queued: 7 };
  const revoked = new Set<string>();
  const requests: Seen[] = [];
  const streams = new Set<ServerResponse>();
  /** The audit log. */
  const audit: AuditRecord[] = [];
  /** Answers that come before all others, one a request; undefined lets it through. */
  const interceptors: ((seen: Seen, response: ServerResponse) => boolean)[] = [];

  const plans = new Map<string, ImagePlanRecord>();
  const webhooks = makeWebhooks();
  const fleet = makeFleet();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const method = request.method ?? "GET";
    const text = await readAll(request);
    const seen: Seen = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    requests.push(seen);
    if (interceptors.shift()?.(seen, response)) return;
    try {
      await route(seen, response);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const problem = toProblem(error, "req-7");
      response.writeHead(problem.status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify(problem));
    }
  }

  async function route(seen: Seen, response: ServerResponse): Promise<void> {
    const role = roleOf(seen.headers.authorization);
    const [, version, kind, id, verb] = seen.path.slice(prefix.length).split("/").map(decodeURIComponent);
    const call = `${seen.method} ${kind}${id === undefined ? "" : "/:id"}${verb === undefined ? "" : `/${verb}`}`;
    if (version !== "v1" || !seen.path.startsWith(prefix)) throw noRoute(seen);
    if (role === "host-enrolment") throw new CallError("forbidden", "A host-enrolment token may not do this");
    const writes = seen.method !== "GET";
    if (writes && role === "viewer") throw new CallError("forbidden", "A viewer token may not do this");
    if ((kind === "tokens" || kind === "audit" || verb === "credential") && role !== "admin")
      throw new CallError("forbidden", `A ${role} token may not do this`);
    const json = (status: number, body?: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const hook = kind === "webhooks" ? webhooks(seen.method, [id, verb], seen.body) : undefined;
    if (hook) return hook[0] === 204 ? void response.writeHead(204).end() : json(...hook);
    switch (call) {
      case "POST vms": {
        const key = seen.headers["idempotency-key"];
        const body = parsed(createVmSchema, seen.body);
        const { vm, created } = vms.accept(body, typeof key === "string" ? key : undefined);
        return json(created ? 201 : 200, vm);
      }
      case "GET vms":
        return json(200, vms.page(seen.query));
      case "GET vms/:id":
        return json(200, vms.get(id));
      case "DELETE vms/:id": {
        const vm = vms.get(id);
        if (vm.endedAt === null && vm.state !== "stopping") {
          vms.move(vm.id, "stopping", { end: { reason: "client", message: "Asked for.", error: null } });
        }
        return json(202, vms.get(id));
      }
      case "POST vms/:id/hold": {
        const { forSeconds, reason = null } = parsed(holdVmSchema, seen.body);
        const since = new Date().toISOString();
        const until = new Date(Date.now() + forSeconds * 1000).toISOString();
        vms.move(vms.get(id).id, vms.get(id).state, {
          hold: { since, until, by: "token ana (ana0)", reason, isKept: false },
        });
        return json(200, vms.get(id));
      }
      case "DELETE vms/:id/hold":
        vms.move(vms.get(id).id, vms.get(id).state, { hold: null });
        return json(200, vms.get(id));
      case "GET vms/:id/explain":
        return json(200, explanation(vms.get(id).id));
      case "GET vms/:id/wait":
        return json(200, await vms.wait(vms.get(id).id, seen.query.get("for"), pollMs));
      case "GET vms/:id/events":
        return seen.headers.accept === "text/event-stream"
          ? stream(seen, response, vms.get(id))
          : json(200, { events: vms.events(vms.get(id).id, Number(seen.query.get("after"))) });
      case "GET hosts":
        return json(200, { hosts });
      case "GET hosts/:id": {
        const host = hosts.find(({ name }) => name === id);
        if (!host) throw new CallError("host_not_found", `There is no host ${id}.`);
        return json(200, host);
      }
      case "POST hosts/:id/cordon":
      case "POST hosts/:id/drain":
      case "POST hosts/:id/uncordon": {
        const host = hosts.find(({ name }) => name === id);
        if (!host) throw new CallError("host_not_found", `There is no host ${id}.`);
        host.cordon = verb === "uncordon" ? null : cordonOf(verb, seen.body);
        return json(200, host);
      }
      case "DELETE hosts/:id": {
        const isForced = seen.query.get("force") === "true";
        const isDry = seen.query.get("dryRun") === "true";
        if (!isForced && !isDry)
          throw new CallError("host_has_vms", `Host ${id} has a VM: aaaabbbbccccdddd.`);
        const lost = { vmId: "aaaabbbbccccdddd", state: "ready", becomes: "failed" };
        return json(200, { name: id, removed: !isDry, vms: [lost] });
      }
      case "DELETE hosts/:id/credential":
        if (hosts.every(({ name }) => name !== id))
          throw new CallError("host_not_found", `There is no host ${id}.`);
        revoked.add(`host ${id}`);
        response.writeHead(204).end();
        return;
      case "GET images":
        return json(200, {
          images: [
            {
              reference: "ghcr.io/org/image:15",
              hosts: 2,
              sizeGiB: 31.25,
              digests: ["a", "b"].map((letter, index) => ({
                digest: `sha256:${letter.repeat(64)}`,
                hosts: [`mac-${index + 1}`],
              })),
              pulling: [{ host: "mac-3", percent: 42, bytes: 10_668_000_000, totalBytes: 25_400_000_000 }],
              times: [{ phase: "booting", p50Seconds: 41, p95Seconds: 58.2, count: 120 }],
              isMixed: true,
            },
          ],
        });
      case "GET attempts": {
        const { host = "mac-2", image = "ghcr.io/org/image:15" } = parsed(
          attemptsQuerySchema,
          Object.fromEntries(seen.query),
        );
        const at = "2026-01-02T03:04:05.000Z";
        const about = { at, attempt: 1, host, image };
        return json(200, {
          attempts: [
            { ...about, vmId: "vm0000000001", phase: "booting", verdict: "guest_unreachable" },
            { ...about, vmId: null, phase: "provisioning", verdict: "ready" },
          ],
        });
      }
      case "POST images/:id": {
        const { dryRun } = parsed(pruneImagesSchema, seen.body);
        return json(200, { hosts: [prunedHost("mac-1"), ...(dryRun ? [] : [prunedHost("mac-2")])] });
      }
      case "GET image-plans":
        return json(200, { plans: [...plans.values()] });
      case "POST image-plans": {
        const { kind, image, hostLabels, reason } = parsed(planImageSchema, seen.body);
        const plan = { ...imagePlanRecord(), kind, image, hostLabels, reason: reason ?? null };
        plans.set(plan.id, plan);
        return json(200, plan);
      }
      case "GET image-plans/:id":
      case "DELETE image-plans/:id": {
        const plan = plans.get(id ?? "");
        if (!plan) throw new CallError("image_plan_not_found", `There is no image plan ${id}.`);
        const ended = {
          ...plan,
          outcome: "ended" as const,
          why: "Ended by token ana (ana0).",
          progress: null,
        };
        if (seen.method === "DELETE") plans.set(plan.id, ended);
        return json(200, plans.get(plan.id));
      }
      case "GET channels":
        return json(200, { channels: [channelRecord(id)] });
      case "GET channels/:id":
      case "POST channels/:id/rollback":
        return json(200, channelRecord(id));
      case "PUT channels/:id":
        parsed(setChannelSchema, seen.body);
        return json(200, channelRecord(id));
      case "POST channels/:id/rollout":
        parsed(rollOutSchema, seen.body);
        return json(200, channelRecord(id));
      case "DELETE channels/:id":
        response.writeHead(204).end();
        return undefined;
      case "GET pools":
        return json(200, { pools: pools.size === 0 ? [poolRecord()] : [...pools.values()] });
      case "GET pools/:id":
        return json(200, poolRecord(id));
      case "PUT pools/:id": {
        const { max, ...set } = setPoolSchema.parse(seen.body);
        const { cpu = null, memoryMiB = null, diskGiB = null } = set;
        const record = { ...poolRecord(id), ...set, cpu, memoryMiB, diskGiB, max: max ?? set.minIdle + 1 };
        pools.set(record.name, record);
        return json(200, record);
      }
      case "DELETE pools/:id":
        response.writeHead(204).end();
        return undefined;
      case "GET reports/:id":
        return json(200, slotReport((seen.query.get("by") ?? "team").split(",")));
      case "GET history":
        return json(200, historyOf(seen.query.get("series") ?? ""));
      case "GET teams":
        return json(200, { teams: [...teams.values()] });
      case "GET teams/:id":
        return json(200, teamOf(id));
      case "PUT teams/:id": {
        const team = { ...teamOf(id), ...parsed(setShareSchema, seen.body), isSet: true };
        teams.set(team.name, team);
        return json(200, team);
      }
      case "DELETE teams/:id":
        if (!teams.delete(id ?? "")) throw new CallError("team_not_found", `Team ${id} has no share.`);
        response.writeHead(204).end();
        return undefined;
      case "GET fleet/:id":
        if (id === "queue") return json(200, fleet.queue);
        if (id === "changes") return fleet.openChanges(response);
        if (id === "board")
          return seen.headers.accept === "text/event-stream"
            ? fleet.openBoard(response)
            : json(200, fleet.board());
        return json(200, capacityRecord(seen.query.size > 0));
      case "GET audit": {
        const { after, limit, order, since, ...exact } = parsed(
          auditQuerySchema,
          Object.fromEntries(seen.query),
        );
        const records = (order === "oldest" ? audit : audit.toReversed())
          .filter(({ seq }) => after === undefined || (order === "oldest" ? seq > after : seq < after))
          .filter((row) => since === undefined || row.at >= since)
          .filter((row) => Object.entries(exact).every(([key, value]) => row[key as "actor"] === value))
          .slice(0, limit);
        return json(200, { records, next: records.length < limit ? null : (records.at(-1)?.seq ?? null) });
      }
      case "POST tokens": {
        const { role, name, expiresInSeconds } = parsed(createTokenSchema, seen.body);
        const expiresAt =
          expiresInSeconds === undefined ? null : new Date(Date.now() + expiresInSeconds * 1000);
        return json(201, { ...tokenRecord("tok-9", role, name), expiresAt, token: NEW_TOKEN });
      }
      case "POST tokens/:id/rotate": {
        const { graceSeconds } = parsed(rotateTokenSchema, seen.body);
        const previousUntil = graceSeconds === 0 ? null : new Date(Date.now() + graceSeconds * 1000);
        return json(200, { ...tokenRecord(id ?? "", "ci", "build"), previousUntil, token: NEW_TOKEN });
      }
      case "GET tokens":
        return json(200, {
          tokens: [tokenRecord("tok-1", "admin", "first"), tokenRecord("tok-2", "ci", "build")],
        });
      case "DELETE tokens/:id":
        if (id !== "tok-1" && id !== "tok-2")
          throw new CallError("token_not_found", `There is no token ${id}.`);
        revoked.add(id);
        response.writeHead(204).end();
        return;
      default:
        throw noRoute(seen);
    }
  }

  /** Sends what there is after Last-Event-ID, then what comes; ends after a terminal state. */
  function stream(seen: Seen, response: ServerResponse, { id }: VmRecord): void {
    let last = Number(seen.headers["last-event-id"] ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(": hello\n\n");
    streams.add(response);
    const push = () => {
      for (const event of vms.events(id, last)) {
        response.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        last = event.id;
      }
      if (vms.get(id).endedAt !== null) response.end();
    };
    const stop = vms.onChange(push);
    response.once("close", () => {
      streams.delete(response);
      stop();
    });
    push();
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    port,
    vms,
    plans,
    fleet,
    requests,
    revoked,
    audit,
    interceptors,
    /** Cuts every event stream in the middle, as a lost network does. */
    dropStreams: () => {
      for (const stream of streams) stream.destroy();
    },
    streamCount: () => streams.size,
    /** Takes a VM through states, one event each. */
    walk: (id: string, ...states: VmState[]) => {
      for (const state of states) vms.move(id, state);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export type StandIn = Awaited<ReturnType<typeof startStandIn>>;

function roleOf(authorization: string | undefined): TokenRole {
  const roles: TokenRole[] = ["admin", "ci", "viewer", "host-enrolment"];
  const role = roles.find((candidate) => authorization === `Bearer ${TOKENS[candidate]}`);
  if (!role) throw new CallError("unauthenticated", "The token is unknown, expired or revoked.");
  return role;
}

function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({
    path: path.map(String).join("."),
    message,
  }));
  throw new CallError("invalid_request", `Not valid: ${fields.map(({ path }) => path).join(", ")}`, fields);
}

function noRoute({ method, path }: Seen): CallError {
  return new CallError("route_not_found", `${method} ${path} is not a route.`);
}

function tokenRecord(id: string, role: TokenRole, name: string) {
  return {
    id,
    role,
    team: role === "ci" ? "default" : null,
    name,
    createdAt: "2026-01-01T00:00:00.000Z",
    expiresAt: null,
    previousUntil: null,
    lastUsedAt: null,
    revokedAt: null,
    enrolment: role === "host-enrolment" ? { uses: 0, maxUses: 1, hostLabels: {} } : null,
  };
}
