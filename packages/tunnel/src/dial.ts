import { agentFor, type Trust } from "@tartfleet/tls";
import { WebSocket } from "ws";
import { END_OPTIONS, makeTunnelEnd, type TunnelEnd } from "./tunnel-end.ts";

/** A dead peer is noticed by TCP: a tunnel may be silent for long, and a slow end need not answer pings. */
const KEEP_ALIVE_MS = 15_000;
/** Of a refusal. */
const MOST_BODY = 64 * 1024;

export interface DialOptions {
  /** Of the control plane, http(s), without a slash at its end. */
  url: string;
  path: string;
  token: string;
  trust: Trust;
  /** For the control plane to say yes or no. */
  handshakeMs: number;
}

export type Dialled =
  | { kind: "open"; end: TunnelEnd }
  /** Answered by HTTP. */
  | { kind: "refused"; status: number; body: string; location: string | undefined }
  /** Not answered. */
  | { kind: "failed"; error: Error };

/** Opens a WebSocket for one end of a tunnel. */
export function dialTunnel({ url, path, token, trust, handshakeMs }: DialOptions): Promise<Dialled> {
  const { promise, resolve } = Promise.withResolvers<Dialled>();
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, {
    ...END_OPTIONS,
    agent: agentFor(url, trust),
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: handshakeMs,
  });
  socket.on("upgrade", ({ socket: connection }) => void connection.setKeepAlive(true, KEEP_ALIVE_MS));
  socket.on("error", (error) => resolve({ kind: "failed", error }));
  socket.once("open", () => resolve({ kind: "open", end: makeTunnelEnd(socket) }));
  socket.once("unexpected-response", (_request, response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      if (body.length < MOST_BODY) body += text;
    });
    response.on("close", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ kind: "refused", status, body, location: headers.location });
      socket.terminate();
    });
  });
  return promise;
}
