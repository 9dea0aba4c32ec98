import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { openLog } from "@tartfleet/log";
import type { CreateVmInput, TokenRole } from "@tartfleet/shared";
import { completeConfig, readSettings } from "../../src/config/config.ts";
import { systemClock, type Clock } from "../../src/engine/clock.ts";
import { startControlPlane } from "../../src/engine/control-plane.ts";
import type { TakeWebhook } from "../../src/engine/integration.ts";
import { randomId } from "../../src/engine/secrets.ts";
import type { Tracer } from "../../src/engine/traces.ts";
import type { Caller, UseCases } from "../../src/engine/use-cases.ts";
import { LIMITS } from "../../src/http/limits.ts";
import type { Limits } from "../../src/http/limits.ts";
import { oidcConfigSchema, type OidcConfig } from "../../src/oidc/config.ts";
import { makeOidc } from "../../src/oidc/oidc.ts";
import { openListener } from "../../src/http/listener.ts";
import { serve } from "../../src/http/server.ts";
import { openMemoryDatabase } from "../../src/store/database.ts";

export const IMAGE = "ghcr.io/tartfleet/macos:15";

/** A call of an admin's, past the faces of the API. */
export const ADMIN: Caller = {
  principal: { kind: "token", tokenId: "admin0", role: "admin", name: "test", team: null },
  requestId: "test",
  address: null,
};

/** A control plane on a free port with a database in memory, and tokens of every role. */
export type Plane = Awaited<ReturnType<typeof startPlane>>;

interface Options {
  oidc?: OidcConfig;
  clock?: Clock;
  trustedProxies?: string[];
  tracer?: Tracer;
  limits?: Partial<Limits>;
  /** Folder of the dashboard's files. */
  dashboard?: string;
  takeWebhook?: TakeWebhook;
  /** Flags of the program. */
  settings?: string[];
  /** Replaces use cases, to make them do what they would do only in a bad hour. */
  change?: (useCases: UseCases) => Partial<UseCases>;
}

export async function startPlane({
  oidc,
  clock = systemClock(),
  limits = {},
  settings = [],
  trustedProxies = [],
  tracer,
  dashboard,
  takeWebhook,
  change = () => ({}),
}: Options = {}) {
  const read = readSettings(["--listen", "127.0.0.1:0", ...settings], {}, "0");
  if (read.kind !== "settings") throw new Error("the defaults are not valid");
  const lines: string[] = [];
  const log = openLog({ level: "debug" }, { write: (line) => void lines.push(line) });
  const listener = await openListener(read.settings.listen, { ...LIMITS, ...limits });
  const fatal: unknown[] = [];
  const database = openMemoryDatabase();
  const controlPlane = await startControlPlane({
    database,
    key: randomBytes(32),
    config: completeConfig(read.settings, listener.port),
    clock,
    tracer,
    randomId,
    onFatal: (error) => void fatal.push(error),
    // Whatever URL a test makes up, nothing leaves this machine.
    post: async () => ({ status: 204, retryAfter: undefined, text: "" }),
  });
  const useCases: UseCases = { ...controlPlane.useCases, ...change(controlPlane.useCases) };
  const http = await serve(listener, {
    oidc: oidc && makeOidc(oidcConfigSchema.parse(oidc), clock, log),
    useCases,
    registry: controlPlane.registry,
    takeWebhook,
    log,
    clock,
    limits: { ...LIMITS, ...limits },
    version: "0.0.0",
    dashboard,
    trustedProxies,
  });
  const url = `http://127.0.0.1:${listener.port}`;

  const token = async (role: TokenRole) =>
    (
      await controlPlane.useCases.createToken(ADMIN, {
        role,
        name: `the ${role}`,
        ...(role === "host-enrolment" ? { uses: "unlimited" as const } : {}),
      })
    ).token;
  const tokens = {
    admin: await token("admin"),
    ci: await token("ci"),
    viewer: await token("viewer"),
    "host-enrolment": await token("host-enrolment"),
  };

  let closed: Promise<void> | undefined;
  return {
    url,
    port: listener.port,
    database,
    useCases,
    tokens,
    /** What was logged, as it stands. */
    lines,
    fatal,
    call: (method: string, path: string, init: CallInit = {}) => call(url, method, path, init),
    createVm: async (body: Partial<CreateVmInput> = {}) =>
      (await call(url, "POST", "/v1/vms", { token: tokens.ci, json: { image: IMAGE, ...body } })).body,
    close() {
      closed ??= http.close().then(() => controlPlane.close());
      return closed;
    },
  };
}

export interface CallInit {
  token?: string | undefined;
  json?: unknown;
  raw?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  body: any;
}

/** One request, exactly as said: nothing is added that a plain client would not add. */
export function call(
  url: string,
  method: string,
  path: string,
  { token, json, raw, headers = {} }: CallInit = {},
): Promise<Answer> {
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = httpRequest(url, {
    method,
    path,
    agent: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    },
  });
  request.on("error", reject);
  request.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part) => {
      text += part;
    });
    response.on("error", reject);
    response.on("end", () => {
      const isJson = /json/.test(response.headers["content-type"] ?? "");
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        body: isJson && text ? JSON.parse(text) : undefined,
      });
    });
  });
  request.end(body);
  return promise;
}

/** Polls until the check holds; fails with what it last said. */
export async function until<T>(check: () => T | Promise<T>, seconds = 100): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${check.toString()}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** The system's clock, which can be set forward; what is due then is done at once. */
export function skippingClock() {
  const system = systemClock();
  let skipped = 0;
  const timers = new Set<{ at: number; fire: () => void }>();
  return {
    now: () => system.now() + skipped,
    after(milliseconds: number, call: () => void) {
      const cancel = system.after(milliseconds, () => timer.fire());
      const timer = {
        at: system.now() + skipped + milliseconds,
        fire() {
          forget();
          call();
        },
      };
      const forget = () => {
        timers.delete(timer);
        cancel();
      };
      timers.add(timer);
      return forget;
    },
    skip(milliseconds: number) {
      skipped += milliseconds;
      const now = system.now() + skipped;
      for (const timer of timers) if (timer.at <= now) timer.fire();
    },
  };
}
