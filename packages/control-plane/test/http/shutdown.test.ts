import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { socketClient } from "../helpers/client.ts";
import { IMAGE, startPlane, until } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";
import { openStream } from "../helpers/sse.ts";

describe("closing the server", () => {
  it("ends long polls, streams, sockets and idle connections at once", async () => {
    const plane = await startPlane({ limits: { drainMs: 20_000 } });
    const token = plane.tokens.ci;
    const { id } = await plane.createVm();

    const { socket: idle, received, closed: idleClosed } = rawConnection(plane.port);
    idle.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await until(() => received().includes('"ok"'));
    const waiting = plane.call("GET", `/v1/vms/${id}/wait?for=ready&timeoutSeconds=600`, { token });
    const stream = await openStream(`${plane.url}/v1/vms/${id}/events`, token);
    await until(() => stream.events().length === 1);
    const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const closed = once(socket, "close");
    const { trpc, closes, close } = socketClient(plane.port, token);
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    trpc.vms.follow.subscribe(
      { id },
      {
        onData: () => begin(),
        onError: (error) => fail(error.data?.problem.code),
        onComplete: () => fail("complete"),
      },
    );
    await begun;

    await plane.close();
    expect((await waiting).status).toBe(200);
    await stream.ended;
    await idleClosed;
    expect((await closed)[0]).toBe(1012);
    await until(() => closes.length > 0);
    expect(closes[0]).toBe(1012);
    // Told so, or kept for the next connection: never that it is complete.
    expect(await Promise.race([failed, Promise.resolve("kept")])).toMatch(/^(shutting_down|kept)$/);
    await close();
    await expect(plane.call("GET", "/healthz")).rejects.toThrow("ECONNREFUSED");
  });

  it("lets a request finish that is on its way, and then ends its connection", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
    const plane = await startPlane({
      limits: { drainMs: 60_000 },
      change: (useCases) => ({
        async createVm(...input) {
          begin();
          await mayGoOn;
          return useCases.createVm(...input);
        },
      }),
    });
    const { socket, received, closed: connectionClosed } = rawConnection(plane.port);
    const body = JSON.stringify({ image: IMAGE });
    socket.write(
      `POST /v1/vms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${plane.tokens.ci}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await begun;
    const closed = plane.close();
    await until(() =>
      plane.call("GET", "/healthz").then(
        () => false,
        () => true,
      ),
    );
    goOn();
    await connectionClosed;
    expect(received()).toMatch(/^HTTP\/1\.1 201 [\s\S]*"state":"queued"/);
    await closed;
  });

  it("cuts off what does not finish in time", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const plane = await startPlane({
      limits: { drainMs: 100, socketCloseMs: 50 },
      change: () => ({
        createVm() {
          begin();
          return new Promise(() => {});
        },
      }),
    });
    const created = plane.call("POST", "/v1/vms", { token: plane.tokens.ci, json: { image: IMAGE } });
    const cut = expect(created).rejects.toThrow("socket hang up");
    const deaf = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
      headers: { authorization: `Bearer ${plane.tokens.ci}` },
    });
    await once(deaf, "open");
    deaf.pause();
    await begun;
    await plane.close();
    await cut;
    deaf.terminate();
  });
});
