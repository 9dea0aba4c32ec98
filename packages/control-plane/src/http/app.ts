import type { RequestListener } from "node:http";
import Fastify, { LogController } from "fastify";
import type { FastifyBaseLogger } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Registry } from "prom-client";
import type { Admission } from "../api/admission.ts";
import type { App, RestDeps } from "../api/rest/app.ts";
import { admit } from "../api/rest/caller.ts";
import { restRoutes } from "../api/rest/routes.ts";
import type { TakeWebhook } from "../engine/integration.ts";
import type { StorageHealth } from "../engine/storage-watch.ts";
import type { Trust } from "./addresses.ts";
import { serveDashboard } from "./dashboard.ts";
import { githubWebhookRoute } from "./github-webhook.ts";
import { healthRoutes } from "./health.ts";
import type { Limits } from "./limits.ts";
import type { Listener } from "./listener.ts";
import { recordMethods, refuseOtherMethods } from "./methods.ts";
import { describeRoutes } from "./openapi.ts";
import { sendProblem } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { logRequest } from "./request-log.ts";
import { measureRequests } from "./request-metrics.ts";
import { HSTS, SECURITY_HEADERS } from "./security-headers.ts";
import { sessionRoutes } from "./session.ts";
import { trpcRoutes } from "./trpc-http.ts";
import { validateRequest } from "./validation.ts";

/** What nginx logs for a caller who did not wait for the answer. */
const CALLER_LEFT = 499;

export interface AppDeps extends Omit<RestDeps, "streamBeatMs"> {
  trust: Trust;
  admission: Admission;
  log: FastifyBaseLogger;
  limits: Limits;
  version: string;
  /** Folder of the dashboard's files; undefined where it was not built. */
  dashboard?: string | undefined;
  /** Where the requests are measured. */
  registry?: Registry | undefined;
  /** Takes GitHub's webhooks, where they are configured. */
  takeWebhook?: TakeWebhook | undefined;
  /** How the database's disk stands, where there is one. */
  storage?: (() => StorageHealth) | undefined;
}

/** Everything that speaks HTTP, on a listener's server. */
export async function makeApp(listener: Listener, deps: AppDeps): Promise<App> {
  const { limits, draining, useCases, log, trust, admission } = deps;
  let handle: RequestListener | undefined;
  const app: App = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: (request) => requestIdOf(request),
    requestIdHeader: false,
    trustProxy: trust,
    bodyLimit: limits.bodyBytes,
    // tRPC's batches are one long path segment; an id that long is simply unknown.
    routerOptions: { maxParamLength: 8192 },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    serverFactory(handler) {
      handle = handler;
      return listener.server;
    },
  }).withTypeProvider<ZodTypeProvider>();

  acceptJson(app);
  app.setValidatorCompiler(() => (value) => ({ value }));
  // Use cases answer with what they have checked; checking it again would cost a hot path its speed.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, ...SECURITY_HEADERS });
    if (request.protocol === "https") reply.headers(HSTS);
    if (draining.aborted) reply.header("connection", "close");
  });
  app.addHook("onSend", async (_request, reply) => {
    if (reply.statusCode === 401) reply.header("www-authenticate", 'Bearer realm="tartfleet"');
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });
  app.addHook("onResponse", async (request, reply) =>
    logRequest(request, reply.statusCode, reply.elapsedTime),
  );
  if (deps.registry) measureRequests(app, deps.registry);
  app.addHook("onRequestAbort", async (request) => logRequest(request, CALLER_LEFT));

  const methods = recordMethods(app);
  await describeRoutes(app, deps.version);
  healthRoutes(app, draining, deps.storage);
  app.get("/openapi.json", async () => app.swagger());
  sessionRoutes(app, deps);
  if (deps.takeWebhook) await githubWebhookRoute(app, deps.takeWebhook);
  await serveDashboard(app, deps.dashboard);
  trpcRoutes(app, { useCases, draining, admission }, limits.batchSize);
  await app.register(async (rest: App) => {
    rest.addHook("onRequest", admit(deps));
    rest.addHook("preValidation", validateRequest);
    restRoutes(rest, { ...deps, streamBeatMs: limits.streamBeatMs });
  });
  refuseOtherMethods(app, new Map(methods));
  await app.ready();
  // Not before: a request that finds its routes, but not yet their hooks, is an exception of Fastify's.
  if (handle) listener.serveWith(handle);
  return app;
}

/** JSON alone; nothing at all counts as an empty object, also when a header calls it JSON. */
function acceptJson(app: App): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, {});
    else void parse(request, body.toString(), done);
  });
}
