import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane({ limits: { headersMs: 200, requestMs: 400, checkMs: 50, idleMs: 1000 } });
});
afterAll(() => plane.close());

describe("a connection that dawdles is ended:", () => {
  it("one that says nothing", async () => {
    const { closed } = rawConnection(plane.port);
    await closed;
  });

  it("one that drips its headers", async () => {
    const { socket, received, closed } = rawConnection(plane.port);
    socket.write("GET /healthz HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("x-a: b\r\n"), 50);
    await closed;
    clearInterval(drip);
    expect(received()).toMatch(/^HTTP\/1\.1 408 [\s\S]*application\/problem\+json/);
  });

  it("one that drips its body", async () => {
    const { socket, closed } = rawConnection(plane.port);
    const token = plane.tokens.ci;
    socket.write(
      `POST /v1/vms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
    );
    const drip = setInterval(() => socket.write(" "), 50);
    await closed;
    clearInterval(drip);
  });

  it("one that asks for a socket and never finishes asking", async () => {
    const { socket, closed } = rawConnection(plane.port);
    socket.write("GET /trpc HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n");
    await closed;
  });

  it("one that speaks something else", async () => {
    const { socket, received, closed } = rawConnection(plane.port);
    socket.write("\u0016\u0003\u0001 hello\r\n\r\n");
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 400 [\s\S]*"invalid_request"/);
  });

  it("one whose headers never end", async () => {
    const { socket, received, closed } = rawConnection(plane.port);
    socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`);
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 431 /);
  });
});
