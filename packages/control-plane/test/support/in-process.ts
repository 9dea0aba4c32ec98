import { createServer } from "node:http";
import { Readable } from "node:stream";
import { openLog } from "@tartfleet/log";
import { makeAdmission } from "../../src/api/admission.ts";
import type { UseCases } from "../../src/engine/use-cases.ts";
import { trustOf } from "../../src/http/addresses.ts";
import { makeApp } from "../../src/http/app.ts";
import { LIMITS } from "../../src/http/limits.ts";

/** The REST face of a control plane as a `fetch`, without a network and without waiting. */
export async function serveInProcess(useCases: UseCases) {
  const shutdown = new AbortController();
  // Nobody listens there: what is asked comes by `fetch`.
  const listener = { server: createServer(), port: 7337, certify: () => {}, serveWith: () => {} };
  const app = await makeApp(listener, {
    useCases,
    draining: shutdown.signal,
    trust: trustOf([]),
    admission: makeAdmission(useCases, LIMITS),
    log: openLog({ level: "silent" }, { write: () => {} }),
    limits: LIMITS,
    version: "0.0.0",
  });
  return {
    async fetch(url: URL, { method = "GET", headers, body, signal }: RequestInit): Promise<Response> {
      const { promise: left, reject } = Promise.withResolvers<never>();
      const leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
      if (signal?.aborted) leave();
      const answered = app.inject({
        method: method as "GET",
        url: url.pathname + url.search,
        headers: Object.fromEntries(new Headers(headers)),
        ...(typeof body === "string" ? { payload: body } : {}),
        payloadAsStream: true,
      });
      const response = await Promise.race([answered, left]);
      const stream = response.stream();
      const destroy = () => void stream.destroy(new Error("the caller left"));
      signal?.addEventListener("abort", destroy, { once: true });
      shutdown.signal.addEventListener("abort", destroy, { once: true });
      const isEmpty = response.statusCode === 204;
      if (isEmpty) stream.resume();
      return new Response(isEmpty ? null : (Readable.toWeb(stream) as ReadableStream), {
        status: response.statusCode,
        headers: Object.entries(response.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]),
      });
    },
    close() {
      shutdown.abort();
      return app.close();
    },
  };
}
