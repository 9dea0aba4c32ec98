import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { makePrivateKey, makeSelfSigned, pinOf } from "../src/index.ts";

/** A key, its self-signed certificate for this machine, and its pin. */
export async function identity(hosts: readonly string[] = ["127.0.0.1", "localhost"], validDays?: number) {
  const key = await makePrivateKey();
  const cert = await makeSelfSigned(key, hosts, Date.now(), validDays);
  return { key, cert, pin: pinOf(new X509Certificate(cert).publicKey) };
}

type Identity = Awaited<ReturnType<typeof identity>>;

/** A web server that says what it was asked. */
export async function webServer(own?: Pick<Identity, "key" | "cert">) {
  const server = own ? createServer(own) : createHttpServer();
  server.on("request", (request, response) => {
    if (request.url === "/never") return;
    if (request.url === "/away") response.writeHead(302, { location: "/" }).end();
    else if (request.url === "/nothing") response.writeHead(204).end();
    else if (request.url === "/half") response.writeHead(200).write("half");
    else response.setHeader("x-method", request.method ?? "").end(request.headers.authorization);
  });
  const port = await listening(server);
  return {
    url: `http${own ? "s" : ""}://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await closed(server);
    },
  };
}

/** Somebody in the middle with a certificate of their own, who keeps every byte that is said to them. */
export async function listener(own: Pick<Identity, "key" | "cert">) {
  let heard = "";
  const left = Promise.withResolvers<void>();
  const server = createTlsServer(own, (socket) => {
    socket.on("error", () => {}).on("data", (part) => (heard += part.toString("latin1")));
  });
  server.on("connection", (socket: Socket) => socket.once("close", left.resolve));
  const port = await listening(server);
  return {
    url: `https://127.0.0.1:${port}`,
    heard: () => heard,
    /** Somebody came and has gone. */
    left: left.promise,
    [Symbol.asyncDispose]: () => closed(server),
  };
}

interface Closable {
  listen(port: number, host: string): unknown;
  address(): unknown;
  close(): unknown;
}

async function listening(server: Closable & NodeJS.EventEmitter): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function closed(server: Closable & NodeJS.EventEmitter): Promise<void> {
  server.close();
  await once(server, "close");
}
