import { createServer } from "node:http";
import { openLog } from "@tartfleet/log";
import { makeAdmission } from "../../../src/api/admission.ts";
import type { App } from "../../../src/api/rest/app.ts";
import type { UseCases } from "../../../src/engine/use-cases.ts";
import { trustOf } from "../../../src/http/addresses.ts";
import { makeApp } from "../../../src/http/app.ts";
import { LIMITS } from "../../../src/http/limits.ts";
import type { Life, Plane } from "./plane.ts";
import type { Time } from "./time.ts";

export interface DoorCall {
  token?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Sent as JSON; a text as it is. */
  body?: object | string;
}

/** Whose control plane is behind the web application at the moment. */
let behind: Life | undefined;
let app: Promise<App> | undefined;

/** The web application, made once: it takes longer than a test. */
function webApp(): Promise<App> {
  const useCases = new Proxy<Partial<UseCases>>(
    {},
    { get: (_, key) => behind && Reflect.get(behind.useCases, key) },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has whatever the one behind it has
  ) as UseCases;
  app ??= makeApp(
    { server: createServer(), port: 0, certify() {}, serveWith() {} },
    {
      useCases,
      draining: new AbortController().signal,
      admission: makeAdmission(useCases, LIMITS),
      trust: trustOf([]),
      log: openLog({ level: "error" }, { write() {} }),
      limits: LIMITS,
      version: "0.0.0",
      takeWebhook: async (call) => (await behind?.takeWebhook?.(call)) ?? false,
    },
  );
  return app;
}

/**
 * The control plane's HTTP API, without a socket.
 *
 * @returns how to call it; the answer is undefined when nobody listens
 */
export function makeDoor(time: Time, plane: Plane) {
  return (method: "DELETE" | "GET" | "POST", path: string, { token, query, headers, body }: DoorCall = {}) =>
    time.during(async () => {
      const made = await webApp();
      const life = plane.life();
      if (!life) return undefined;
      behind = life;
      const { statusCode, payload } = await made.inject({
        method,
        path,
        ...(query ? { query } : {}),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: body }),
      });
      return { status: statusCode, text: payload };
    });
}

export type Door = ReturnType<typeof makeDoor>;
