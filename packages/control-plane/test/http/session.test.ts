import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ADMIN, startPlane } from "../helpers/plane.ts";
import type { Answer, Plane } from "../helpers/plane.ts";

let plane: Plane;
const sockets: WebSocket[] = [];
beforeAll(async () => {
  plane = await startPlane({ trustedProxies: ["127.0.0.1"] });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(() => plane.close());

const signIn = (token: string, headers: Record<string, string> = {}) =>
  plane.call("POST", "/session", { json: { token }, headers });

/** The cookie as a browser would send it back. */
function cookieOf({ headers }: Answer): string {
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

async function signedIn(token = plane.tokens.admin): Promise<string> {
  return cookieOf(await signIn(token));
}

/** The status with which a socket is refused; 101 when it opens. */
async function upgrade(headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, { headers });
  sockets.push(socket);
  socket.on("error", () => {});
  const refused = once(socket, "unexpected-response").then(([, { statusCode }]) => Number(statusCode));
  return Promise.race([refused, once(socket, "open").then(() => 101)]);
}

describe("signing in", () => {
  it("puts the token where no script can read it and no other site can use it", async () => {
    const answer = await signIn(plane.tokens.admin);
    expect(answer.status).toBe(204);
    expect(answer.headers["set-cookie"]).toEqual([
      `tartfleet=${plane.tokens.admin}; Path=/; HttpOnly; SameSite=Strict`,
    ]);
    const overTls = await signIn(plane.tokens.admin, { "x-forwarded-proto": "https" });
    expect(overTls.headers["set-cookie"]).toEqual([
      `__Host-tartfleet=${plane.tokens.admin}; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ]);
  });

  it("tells who one is", async () => {
    const cookie = await signedIn();
    const { status, body } = await plane.call("GET", "/session", { headers: { cookie } });
    expect({ status, body }).toEqual({
      status: 200,
      body: { role: "admin", name: "the admin", team: null, version: "0.0.0" },
    });
  });

  it.each(["nonsense", "tartfleet_nonsense"])("refuses %s", async (token) => {
    const answer = await signIn(token);
    expect(answer.body).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(answer.headers).not.toHaveProperty("set-cookie");
  });

  it("refuses what is no person's token, and no token at all", async () => {
    expect((await signIn(plane.tokens["host-enrolment"])).body).toMatchObject({ code: "forbidden" });
    const nothing = await plane.call("POST", "/session", { json: {} });
    expect(nothing.body).toMatchObject({ code: "invalid_request", errors: [{ path: "token" }] });
    const split = await signIn("a b");
    expect(split.body).toMatchObject({ code: "invalid_request", errors: [{ path: "token" }] });
  });

  it("is over after signing out", async () => {
    const answer = await plane.call("DELETE", "/session");
    expect(answer.status).toBe(204);
    expect(answer.headers["set-cookie"]).toEqual([
      "tartfleet=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict",
    ]);
    expect((await plane.call("GET", "/session")).status).toBe(401);
  });
});

describe("a session", () => {
  const list = (headers: Record<string, string>) => plane.call("GET", "/trpc/hosts.list", { headers });

  it("calls tRPC over HTTP and WebSocket", async () => {
    const cookie = await signedIn();
    expect((await list({ cookie })).status).toBe(200);
    expect((await list({ cookie, "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect(await upgrade({ cookie, origin: plane.url })).toBe(101);
  });

  it("is not for REST, where tools send the token itself", async () => {
    expect((await plane.call("GET", "/v1/hosts", { headers: { cookie: await signedIn() } })).status).toBe(
      401,
    );
  });

  it.each([
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["a neighbour", { "sec-fetch-site": "same-site" }],
    ["another origin", { origin: "http://127.0.0.1:1" }],
    ["no origin", { origin: "null" }],
  ])("does not serve pages of %s", async (_name, headers) => {
    const cookie = await signedIn();
    expect((await list({ cookie, ...headers })).status).toBe(401);
    expect(await upgrade({ cookie, ...headers })).toBe(401);
  });

  it("ends with its token: the socket is cut off", async () => {
    const { token, id } = await plane.useCases.createToken(ADMIN, { role: "viewer", name: "short" });
    const cookie = await signedIn(token);
    expect(await upgrade({ cookie, origin: plane.url })).toBe(101);
    const closed = once(sockets.at(-1) ?? new WebSocket(null), "close");
    await plane.call("DELETE", `/v1/tokens/${id}`, { token: plane.tokens.admin });
    expect((await closed)[0]).toBe(4401);
    expect((await list({ cookie })).status).toBe(401);
  });
});
