import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { httpClient, problemOf, socketClient } from "../helpers/client.ts";
import { vmWithToken } from "../helpers/host.ts";
import { startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";

/** So slow that nothing comes back while a test runs. */
const three = { burst: 3, perSecond: 0.001 };

let plane: Plane;
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
  await plane.close();
});

const statuses = async (times: number, token: string, headers: Record<string, string> = {}) => {
  const seen = [];
  for (let n = 0; n < times; n += 1) {
    seen.push((await plane.call("GET", "/v1/fleet/capacity", { token, headers })).status);
  }
  return seen;
};

describe("a token that calls too often", () => {
  it("is told to wait, and others are not", async () => {
    plane = await startPlane({ limits: { callRate: three } });
    expect(await statuses(5, plane.tokens.ci)).toEqual([200, 200, 200, 429, 429]);
    const { headers, body } = await plane.call("GET", "/v1/vms", { token: plane.tokens.ci });
    expect(body).toMatchObject({ code: "rate_limited", retryAfterSeconds: 1000 });
    expect(headers["retry-after"]).toBe("1000");
    expect(await statuses(3, plane.tokens.viewer)).toEqual([200, 200, 200]);
  });

  it("is counted over REST, tRPC's batches and every socket together", async () => {
    plane = await startPlane({ limits: { callRate: { burst: 6, perSecond: 0.001 } } });
    const token = plane.tokens.ci;
    expect(await statuses(1, token)).toEqual([200]);
    // One request with four calls in it.
    const batched = httpClient(plane.url, token);
    const four = await Promise.allSettled([1, 2, 3, 4].map(() => batched.fleet.capacity.query()));
    expect(four.map(({ status }) => status)).toEqual(Array(4).fill("fulfilled"));
    // The upgrade is the sixth; nothing is left for the calls on it.
    const socket = socketClient(plane.port, token);
    opened.push(socket);
    expect(await problemOf(socket.trpc.fleet.capacity.query())).toMatchObject({
      code: "TOO_MANY_REQUESTS",
      problem: { code: "rate_limited", retryAfterSeconds: 1000 },
    });
    expect(await statuses(1, token)).toEqual([429]);
    const { headers } = await plane.call("GET", "/trpc/fleet.capacity", { token });
    expect(headers["retry-after"]).toBe("1000");
    expect(await statusOfUpgrade(token)).toMatch(/^HTTP\/1\.1 429 [\s\S]*retry-after: 1000/);
  });

  it("of a VM is held to little, and to it alone", async () => {
    plane = await startPlane({ limits: { guestCallRate: three } });
    const [one, other] = [await vmWithToken(plane, "mac-1"), await vmWithToken(plane, "mac-2")];
    const tell = ({ id, token }: typeof one) =>
      plane.call("POST", `/v1/vms/${id}/events`, { token, json: { type: "job_started" } });
    const answers = [await tell(one), await tell(one), await tell(one), await tell(one), await tell(other)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429, 202]);
  });
});

describe("an address that guesses tokens", () => {
  it("gets a few uniform 401s, then 429, at every door; valid tokens are let in all the while", async () => {
    plane = await startPlane({ limits: { failureRate: three } });
    const good = plane.tokens.ci;
    const guesses = await statuses(5, `${good.slice(0, -1)}_`);
    expect(guesses).toEqual([401, 401, 401, 429, 429]);
    const refused = await plane.call("GET", "/v1/vms");
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1000"]);
    expect(await statusOfUpgrade("nonsense")).toMatch(/^HTTP\/1\.1 429 /);
    expect(await problemOf(httpClient(plane.url, "nonsense").vms.list.query({}))).toMatchObject({
      problem: { code: "rate_limited" },
    });
    expect(await statuses(2, good)).toEqual([200, 200]);
  });

  it("is told apart by what our own proxy says, and by nothing that anyone can say", async () => {
    plane = await startPlane({ limits: { failureRate: three }, trustedProxies: ["127.0.0.0/8"] });
    const from = (address: string) => ({ "x-forwarded-for": address });
    expect(await statuses(4, "x", from("192.0.2.1"))).toEqual([401, 401, 401, 429]);
    // What the caller wrote itself stands before what the proxy added.
    expect(await statuses(1, "x", from("203.0.113.9, 192.0.2.1"))).toEqual([429]);
    expect(await statuses(1, "x", from("192.0.2.2"))).toEqual([401]);
    const line = plane.lines.findLast((text) => text.includes('"unauthenticated"')) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ from: "192.0.2.2" });
    await plane.close();

    plane = await startPlane({ limits: { failureRate: three } });
    const lies = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
    const seen = [];
    for (const lie of lies) seen.push(...(await statuses(1, "x", from(lie))));
    expect(seen).toEqual([401, 401, 401, 429]);
  });
});

describe("an address with too many connections", () => {
  const dropped = async () => {
    const { closed } = rawConnection(plane.port);
    await closed;
  };

  it("gets no more of them until it closes some", async () => {
    plane = await startPlane({ limits: { connectionsPerAddress: 2 } });
    const first = rawConnection(plane.port);
    const second = rawConnection(plane.port);
    await Promise.all([once(first.socket, "connect"), once(second.socket, "connect")]);
    await dropped();
    await until(() => plane.lines.some((line) => line.includes("connections refused")));
    first.socket.destroy();
    await until(() => plane.call("GET", "/healthz").catch(() => undefined));
    second.socket.destroy();
  });

  it("is held to its sockets when a proxy of ours brings them", async () => {
    plane = await startPlane({ limits: { connectionsPerAddress: 2 }, trustedProxies: ["127.0.0.1"] });
    const open = async (address: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
        headers: { authorization: `Bearer ${plane.tokens.ci}`, "x-forwarded-for": address },
      });
      opened.push({ close: () => socket.terminate() });
      return once(socket, "open").then(
        () => "open",
        (error: Error) => error.message,
      );
    };
    const answers = [];
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
      answers.push(await open(address));
    }
    expect(answers).toEqual(["open", "open", "Unexpected server response: 429", "open"]);
    expect((await plane.call("GET", "/healthz")).status).toBe(200);
  });
});

it("connections are bounded in sum, and those that are there go on", async () => {
  plane = await startPlane({ limits: { connections: 2 } });
  const [first, second] = [rawConnection(plane.port), rawConnection(plane.port)];
  await Promise.all([once(first.socket, "connect"), once(second.socket, "connect")]);
  const { closed } = rawConnection(plane.port);
  await closed;
  first.socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  await until(() => first.received().includes('"ok"'));
  first.socket.destroy();
  second.socket.destroy();
});

async function statusOfUpgrade(token: string): Promise<string> {
  const { socket, received } = rawConnection(plane.port);
  socket.write(
    `GET /trpc HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  await until(() => received().includes("\r\n\r\n"));
  socket.destroy();
  return received();
}
