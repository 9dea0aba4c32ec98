import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable, Writable } from "node:stream";
import { encodeFrame, PIECE_BYTES, type Frame } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { dialTunnel, write, type TunnelEnd } from "../src/index.ts";

let server: Server;
let wss: WebSocketServer;
beforeEach(async () => {
  server = createServer((_request, response) => {
    response
      .writeHead(409, { "content-type": "application/problem+json" })
      .end('{"code":"vm_not_reachable"}');
  });
  wss = new WebSocketServer({ noServer: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  for (const client of wss.clients) client.terminate();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const options = () => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  path: "/v1/tunnels/abc",
  token: "secret",
  trust: {},
  handshakeMs: 5000,
});

/** An end that was dialled, and the bare socket at the other side. */
async function tunnel(): Promise<{ end: TunnelEnd; other: WebSocket }> {
  const met = new Promise<WebSocket>((resolve) => {
    server.once("upgrade", (request, socket, head) => {
      expect(request.headers.authorization).toBe("Bearer secret");
      wss.handleUpgrade(request, socket, head, resolve);
    });
  });
  const dialled = await dialTunnel(options());
  if (dialled.kind !== "open") throw new Error(dialled.kind);
  return { end: dialled.end, other: await met };
}

async function all(end: TunnelEnd): Promise<Frame[]> {
  const heard: Frame[] = [];
  for await (const frame of end.frames()) heard.push(frame);
  return heard;
}

describe("an end of a tunnel", () => {
  test("hears frames in order, leaves out what it does not know, and ends with the tunnel", async () => {
    const { end, other } = await tunnel();
    other.send(encodeFrame({ kind: "opened" }));
    other.send(new Uint8Array([0x7e, 1]));
    other.send(encodeFrame({ kind: "exit", code: 7 }));
    other.close(1000);
    expect(await all(end)).toEqual([{ kind: "opened" }, { kind: "exit", code: 7 }]);
    expect(await end.closed).toEqual({ kind: "closed" });
    await end.send({ kind: "input_end" });
  });

  test("closes when it hears what is no frame", async () => {
    const { end, other } = await tunnel();
    const closed = once(other, "close");
    other.send(new Uint8Array([0x15, 1, 2, 3]));
    expect(await all(end)).toEqual([]);
    expect((await closed)[0]).toBe(4416);
  });

  test.each([
    [1012, "restarting", { kind: "cut", cut: "restarting" }],
    [4410, "vm_ended", { kind: "cut", cut: "vm_ended" }],
    [4499, "of a newer control plane", { kind: "lost" }],
  ])("knows why it was closed with %d", async (code, reason, close) => {
    const { end, other } = await tunnel();
    other.close(code, reason);
    expect(await end.closed).toEqual(close);
  });

  test("carries a source in pieces, no faster than they are taken", async () => {
    const { end, other } = await tunnel();
    other.pause();
    const chunk = Buffer.alloc(5 * PIECE_BYTES + 3, 7);
    let taken = 0;
    const source = new Readable({
      read() {
        taken += 1;
        this.push(taken > 400 ? null : chunk);
      },
    });
    const carried = end.carry("input", source);
    let before = -1;
    while (before !== taken) {
      before = taken;
      await new Promise((done) => setTimeout(done, 100));
    }
    expect(taken).toBeLessThan(200);
    let bytes = 0;
    other.on("message", (message: Buffer) => {
      expect(message.length).toBeLessThanOrEqual(PIECE_BYTES + 1);
      bytes += message.length - 1;
    });
    other.resume();
    await carried;
    await end.send({ kind: "input_end" });
    while (bytes < 400 * chunk.length) await once(other, "message");
    expect(bytes).toBe(400 * chunk.length);
  });

  test("is refused with the answer that was given, or not answered at all", async () => {
    expect(await dialTunnel(options())).toEqual({
      kind: "refused",
      status: 409,
      body: '{"code":"vm_not_reachable"}',
      location: undefined,
    });
    expect(await dialTunnel({ ...options(), url: "http://127.0.0.1:1" })).toMatchObject({
      kind: "failed",
      error: { code: "ECONNREFUSED" },
    });
  });
});

test("writing waits for room, and gives up when nobody takes anything any more", async () => {
  let go = () => {};
  const sink = new Writable({
    highWaterMark: 4,
    write(_chunk, _encoding, done) {
      go = done;
    },
  });
  const waiting = write(sink, Buffer.from("12345"));
  go();
  expect(await waiting).toBe(true);
  const cut = write(sink, Buffer.from("12345"));
  sink.destroy();
  expect(await cut).toBe(false);
  expect(await write(sink, Buffer.from("x"))).toBe(false);
});
