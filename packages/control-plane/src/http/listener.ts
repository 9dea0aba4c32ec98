import { createServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { CallError, toProblem } from "@tartfleet/shared";
import type { Problem } from "@tartfleet/shared";
import type { ListenAddress } from "../config/settings.ts";
import type { Limits } from "./limits.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const MIN_TLS = "TLSv1.2";

/** A server that holds its address and answers 503 until something serves on it. */
export interface Listener {
  server: Server;
  port: number;
  /** For connections to come. Until it is called, a TLS handshake fails. Only where TLS is spoken. */
  certify(pair: { cert: string; key: string }): void;
  /** Hands the requests over; called once. */
  serveWith(handler: RequestListener): void;
}

/**
 * Takes the address before anything else is opened: the port is known from then on, and a second control
 * plane fails here, before it touches a database.
 *
 * @param withTls speak TLS, once `certify` was called
 * @throws the system's error, e.g. with code EADDRINUSE
 */
export async function openListener(
  address: ListenAddress,
  limits: Limits,
  withTls = false,
): Promise<Listener> {
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Node 24.9 and later ask; others hand every upgrade over, also those that curl --http2 offers.
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.headers.upgrade?.toLowerCase() === "websocket",
  };
  const secure = withTls
    ? createTlsServer({ ...options, minVersion: MIN_TLS, handshakeTimeout: limits.headersMs })
    : undefined;
  const server: Server = secure ?? createServer(options);
  server.setTimeout(limits.idleMs);
  server.on("request", refuse);
  server.on("clientError", answerUnreadable);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(address.port, address.host, resolve);
  await promise;
  server.off("error", reject);
  const bound = server.address();
  return {
    server,
    port: typeof bound === "object" && bound ? bound.port : address.port,
    certify: (pair) => secure?.setSecureContext({ ...pair, minVersion: MIN_TLS }),
    serveWith(handler) {
      server.off("request", refuse);
      server.on("request", handler);
    },
  };
}

/** Ends a connection with a problem, where there is no response object (yet). */
export function endWithProblem(socket: Duplex, problem: Problem, headers: Record<string, string> = {}): void {
  const body = JSON.stringify(problem);
  const head = Object.entries({
    ...SECURITY_HEADERS,
    ...headers,
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head.join("")}\r\n${body}`);
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  const problem = toProblem(new CallError("shutting_down", "The control plane is starting; ask again"));
  response.writeHead(problem.status, {
    ...SECURITY_HEADERS,
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "retry-after": "1",
  });
  response.end(JSON.stringify(problem));
}

const UNREADABLE: Readonly<Record<string, [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The request line and headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request took too long to arrive"],
};

/** What Node's parser gives up on never becomes a request. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail] = UNREADABLE[error.code ?? ""] ?? [400, "The request is not valid HTTP"];
  endWithProblem(socket, { ...toProblem(new CallError("invalid_request", detail)), status });
}
