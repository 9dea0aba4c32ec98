import { afterAll, beforeAll, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Answer, Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane({
    trustedProxies: ["127.0.0.1"],
    // One address asks every route without a token.
    limits: { failureRate: { burst: 1000, perSecond: 1000 } },
  });
});
afterAll(() => plane.close());

const SAFE = {
  "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/** No cookie, so nothing that a browser would send by itself; no CORS, so no other site may read or preflight. */
function expectSafe({ headers }: Pick<Answer, "headers">): void {
  expect(headers).toMatchObject(SAFE);
  expect(headers).not.toHaveProperty("set-cookie");
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  expect(headers).not.toHaveProperty("x-powered-by");
  expect(headers).not.toHaveProperty("server");
}

it("every route, whoever asks and whatever is answered, is safe for browsers and sets no cookie", async () => {
  const { body } = await plane.call("GET", "/openapi.json");
  const routes = Object.entries<Record<string, unknown>>(body["paths"]).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{.*?\}/, "x")] as const),
  );
  routes.push(["GET", "/healthz"], ["GET", "/readyz"], ["GET", "/openapi.json"], ["GET", "/nowhere"]);
  routes.push(
    ["GET", "/trpc/hosts.list"],
    ["POST", "/trpc/vms.create"],
    ["PATCH", "/v1/vms"],
    ["GET", "/%zz"],
  );
  for (const [method, path] of routes) {
    for (const token of [undefined, plane.tokens.admin, plane.tokens.viewer]) {
      const headers = { origin: "https://evil.example.com", cookie: "session=1" };
      const answer = await plane.call(method, path, { token, headers });
      expectSafe(answer);
      expect(answer.headers).not.toHaveProperty("strict-transport-security");
    }
    const preflight = await plane.call("OPTIONS", path, {
      headers: { origin: "https://evil.example.com", "access-control-request-method": method },
    });
    expectSafe(preflight);
  }
});

it("an event stream too", async () => {
  const { id } = await plane.createVm();
  const { socket, received, closed } = rawConnection(plane.port);
  socket.write(
    `GET /v1/vms/${id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${plane.tokens.ci}\r\naccept: text/event-stream\r\n\r\n`,
  );
  await plane.call("DELETE", `/v1/vms/${id}`, { token: plane.tokens.ci });
  socket.end();
  await closed;
  expectSafe(parsed(received()));
});

it.each([
  ["what is no HTTP", "nonsense\r\n\r\n", 400],
  [
    "a refused upgrade",
    "GET /trpc HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    401,
  ],
])("%s too", async (_name, text, status) => {
  const { socket, received, closed } = rawConnection(plane.port);
  socket.write(text);
  await closed;
  expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expectSafe(parsed(received()));
});

it("over TLS a browser is told to stay with it", async () => {
  const { headers } = await plane.call("GET", "/healthz", { headers: { "x-forwarded-proto": "https" } });
  expect(headers["strict-transport-security"]).toBe("max-age=31536000");
});

function parsed(text: string): Pick<Answer, "headers"> {
  const [head = ""] = text.split("\r\n\r\n");
  const lines = head.split("\r\n").slice(1);
  return { headers: Object.fromEntries(lines.map(nameAndValue)) };
}

function nameAndValue(line: string): [string, string] {
  const colon = line.indexOf(": ");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
}
