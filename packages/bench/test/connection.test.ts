import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { openConnection } from "../src/load/connection.ts";
import { makePool } from "../src/load/pool.ts";

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const get = (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);

it("reads replies of any size, one after the other on one connection", async () => {
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    response.statusCode = request.url === "/0" ? 404 : 200;
    response.end("é".repeat(Number(request.url?.slice(1))));
  });
  const connection = openConnection(url);

  const sizes = [0, 3, 500_000, 1];
  for (const size of sizes) {
    const { status, text } = await connection.send(get(`/${size}`));
    expect([status, text.length]).toEqual([size === 0 ? 404 : 200, size]);
  }
  expect(sockets.size).toBe(1);
  connection.close();
});

it("fails when the connection ends in the middle of a reply, and says so of a reply without a length", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/cut") {
      response.setHeader("content-length", 10);
      response.write("half");
      response.socket?.destroySoon();
    } else {
      response.write("in parts");
      response.end();
    }
  });

  await expect(openConnection(url).send(get("/cut"))).rejects.toThrow("the connection was closed");
  await expect(openConnection(url).send(get("/parts"))).rejects.toThrow("a reply does not say its length");
});

it("has no more connections than it may, and opens another for one that ended", async () => {
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    if (request.url === "/cut") response.destroy();
    else response.end("yes");
  });
  const pool = makePool(2, () => openConnection(url));
  const ask = (path: string) => pool.use((connection) => connection.send(get(path)));

  const replies = await Promise.all(Array.from({ length: 9 }, () => ask("/")));
  expect(replies.map(({ text }) => text)).toEqual(Array.from({ length: 9 }, () => "yes"));
  expect(sockets.size).toBe(2);

  await expect(ask("/cut")).rejects.toThrow();
  const again = await Promise.all([ask("/"), ask("/"), ask("/")]);
  expect(again.map(({ text }) => text)).toEqual(["yes", "yes", "yes"]);
  expect(sockets.size).toBe(3);
  pool.close();
});
