import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Board } from "@tartfleet/shared";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Rate } from "../../src/api/bucket.ts";
import type { Limits } from "../../src/http/limits.ts";
import { socketClient } from "../helpers/client.ts";
import { startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";

let plane: Plane;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await plane.close();
});

/** An upgrade by hand; resolves with the answer's status line, headers and body. */
async function upgrade(path: string, headers: string[]) {
  const { socket, received } = rawConnection(plane.port);
  const lines = [
    `GET ${path} HTTP/1.1`,
    "host: x",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await until(() => received().includes("\r\n\r\n"));
  socket.destroy();
  return received();
}

const authorization = (token: string) => `authorization: Bearer ${token}`;

async function open(token = plane.tokens.ci): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
    headers: { authorization: `Bearer ${token}` },
  });
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "open");
  return socket;
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, "close");
  return Number(code);
}

const start = async (limits: Partial<Limits> = {}) => {
  plane = await startPlane({ limits });
};

const rates = (rate: Rate): Limits["socketRates"] => ({ token: rate, host: rate, vm: rate });
const slowed = () => plane.lines.filter((line) => line.includes("socket slowed down")).length;

const query = (id: number, path: string, input: unknown = {}) =>
  JSON.stringify({ id, method: "query", params: { path, input } });

describe("the upgrade", () => {
  it("is refused with a plain 401 without a valid token, and no socket comes to be", async () => {
    await start();
    for (const headers of [[], [authorization("nonsense")], [authorization(`${plane.tokens.ci}x`)]]) {
      const answer = await upgrade("/trpc?connectionParams=1", headers);
      expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*www-authenticate: Bearer/);
      expect(answer).toContain('"code":"unauthenticated"');
    }
  });

  it.each([
    ["another path", "/v1/vms", [], /^HTTP\/1\.1 404 /],
    ["a path that only begins so", "/trpcx", [], /^HTTP\/1\.1 404 /],
    ["a subprotocol", "/trpc", ["sec-websocket-protocol: token.abc"], /^HTTP\/1\.1 400 /],
    ["an old version", "/trpc", ["sec-websocket-version: 7"], /^HTTP\/1\.1 400 /],
    ["a valid token", "/trpc", [], /^HTTP\/1\.1 101 /],
  ])("with %s", async (_name, path, headers, status) => {
    await start();
    expect(await upgrade(path, [authorization(plane.tokens.ci), ...headers])).toMatch(status);
  });
});

describe("the doorway", () => {
  it("lets in so many at once, tells the others to come back, and lets them in then", async () => {
    await start({ newSocketRate: { burst: 3, perSecond: 20 } });
    const coming = Array.from({ length: 8 }, () => upgrade("/trpc", [authorization(plane.tokens.ci)]));
    const answers = await Promise.all(coming);
    const refused = answers.filter((answer) => answer.startsWith("HTTP/1.1 503 "));
    expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 101 ")).length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.toLowerCase()).toContain("\r\nretry-after: 1\r\n");
      expect(answer).toContain('"code":"overloaded"');
    }
    await until(async () => (await upgrade("/trpc", [authorization(plane.tokens.ci)])).includes(" 101 "));
  });

  it("is not worn out by those who have no token", async () => {
    await start({ newSocketRate: { burst: 1, perSecond: 0.001 } });
    for (let tries = 0; tries < 5; tries += 1) {
      expect(await upgrade("/trpc", [authorization("wrong")])).toMatch(/^HTTP\/1\.1 401 /);
    }
    expect(await upgrade("/trpc", [authorization(plane.tokens.ci)])).toMatch(/^HTTP\/1\.1 101 /);
  });
});

describe("a socket", () => {
  it("survives frames that are nonsense and answers the next call", async () => {
    await start();
    const socket = await open();
    const answers: string[] = [];
    socket.on("message", (data: Buffer) => void answers.push(data.toString()));
    const nonsense = [
      "{",
      "null",
      "[]",
      "[[]]",
      "7",
      '"x"',
      "{}",
      '{"id":null,"method":"query"}',
      '{"id":1,"method":"nope"}',
      '{"id":1,"method":"query","params":{}}',
      '{"id":1,"method":"query","params":{"path":"__proto__"}}',
      '{"id":1,"method":"query","params":{"path":"vms.constructor","input":{"__proto__":{}}}}',
      '{"id":1,"method":"subscription.stop"}',
      '{"id":1,"method":"subscription","params":{"path":"vms.get","input":{"id":"x"}}}',
      "[".repeat(50_000),
      "\u0000",
    ];
    for (const text of nonsense) socket.send(text);
    socket.send(Buffer.from([0xff, 0xfe]), { binary: true });
    socket.send(query(99, "vms.list"));
    await until(() => answers.find((text) => text.includes('"id":99')));
    expect(answers.find((text) => text.includes('"id":99'))).toContain('"vms":[]');
    expect(answers.join("")).not.toMatch(/"stack"|\.ts:/);
    expect(plane.fatal).toEqual([]);
  });

  it("is closed with 1009 for a message over 1 MiB", async () => {
    await start();
    const socket = await open();
    socket.send("x".repeat(1024 * 1024 + 1));
    expect(await closeCode(socket)).toBe(1009);
  });

  it("answers a batch that is too long with errors", async () => {
    await start({ batchSize: 3 });
    const socket = await open();
    const answers: string[] = [];
    socket.on("message", (data: Buffer) => void answers.push(data.toString()));
    const calls = [1, 2, 3, 4].map((id) => query(id, "vms.list"));
    socket.send(`[${calls.join(",")}]`);
    await until(() => answers.length === 4);
    for (const answer of answers) expect(answer).toContain('"invalid_request"');
  });

  it("answers a flood as fast as its caller may ask, and all of it", async () => {
    await start({ socketRates: rates({ burst: 10, perSecond: 20 }) });
    const socket = await open();
    const answers: string[] = [];
    socket.on("message", (data: Buffer) => void answers.push(data.toString()));
    for (let n = 0; n < 30; n += 1) socket.send(query(n, "vms.list"));
    await until(() => slowed() === 1);
    // Larger than what was read already: it waits in the peer's buffers.
    socket.send(query(30, "x".repeat(900_000)));
    await until(() => answers.length === 31);
    expect(slowed()).toBe(1);
  });

  it.each<[string, (socket: WebSocket) => void]>([
    ["messages", (socket) => socket.send(query(1, "vms.list"))],
    ["nonsense", (socket) => socket.send("{")],
    ["batches of nothing", (socket) => socket.send("[]")],
    ["pings", (socket) => socket.ping()],
    ["pongs", (socket) => socket.pong()],
    ["tRPC's pings", (socket) => socket.send("PING")],
  ])("is slowed down when it floods by %s, and its caller gets no other; others do", async (_name, say) => {
    await start({ socketRates: rates({ burst: 50, perSecond: 0.1 }) });
    const flood = await open();
    for (let n = 0; n < 60; n += 1) say(flood);
    await until(() => slowed() === 1);
    const answer = await upgrade("/trpc", [authorization(plane.tokens.ci)]);
    expect(answer).toMatch(/^HTTP\/1\.1 429 [\s\S]*"rate_limited"/);
    const calm = await open(plane.tokens.viewer);
    calm.ping("still there");
    expect(String((await once(calm, "pong"))[0])).toBe("still there");
  });

  it("counts each call of a batch", async () => {
    await start({ socketRates: rates({ burst: 50, perSecond: 0.1 }) });
    const socket = await open();
    const calls = Array.from({ length: 60 }, (_, id) => query(id, "vms.list"));
    socket.send(`[${calls.join(",")}]`);
    await until(() => slowed() === 1);
  });

  it("is closed with 1008 for a message in a great many tiny pieces", async () => {
    await start();
    const socket = await open();
    for (let n = 0; n < 200; n += 1) socket.send("x", { fin: false });
    expect(await closeCode(socket)).toBe(1008);
    const calm = await open();
    calm.send(query(1, "vms.list"));
    expect(String((await once(calm, "message"))[0])).toContain('"vms":[]');
  });

  it("is cut off when its peer does not read", async () => {
    await start({ socketUnreadBytes: 64 * 1024 });
    const socket = await open();
    socket.pause();
    // Each answer repeats the path: small questions, answers that nobody takes.
    const path = "x".repeat(20_000);
    const ask = setInterval(() => {
      for (let n = 0; n < 50; n += 1) socket.send(query(n, path));
    }, 5);
    await until(() => plane.lines.some((line) => line.includes("the peer does not read")));
    clearInterval(ask);
  });

  it("whose peer reads slowly is told no more than it takes, and is not cut off for it", async () => {
    let pulled = 0;
    async function* watchFleet(_team: string | null, signal: AbortSignal) {
      for (; !signal.aborted; await setImmediate()) {
        pulled += 1;
        yield { said: "x".repeat(1024 * 1024) } as unknown as Board;
      }
    }
    plane = await startPlane({ change: () => ({ watchFleet }) });
    const [slow, other] = [await open(plane.tokens.viewer), await open()];
    slow.pause();
    slow.send(JSON.stringify({ id: 1, method: "subscription", params: { path: "fleet.watch" } }));
    await until(() => pulled > 0);
    for (let n = 0; n < 100; n += 1) {
      other.send(query(n, "vms.list"));
      await once(other, "message");
    }
    // The system's own buffers hold some.
    const before = pulled;
    expect(before).toBeLessThan(30);
    slow.resume();
    await until(() => pulled > before + 30);
    expect(plane.lines.filter((line) => line.includes("socket cut off"))).toEqual([]);
  });

  it("is ended when its peer does not answer pings, and lets go of what it followed", async () => {
    await start({ socketPingMs: 30, socketPongMs: 30 });
    const silent = await open();
    const code = await closeCode(silent);
    expect(code).toBe(1006);
    const client = socketClient(plane.port, plane.tokens.ci);
    expect((await client.trpc.vms.list.query({})).vms).toEqual([]);
    await client.close();
  });
});
