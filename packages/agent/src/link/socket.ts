import { agentFor, type Trust } from "@tartfleet/tls";
import { WebSocket, type ClientOptions } from "ws";

/** The control plane's frames are small; a set of assignments is the largest. */
const LARGEST_FRAME = 4 << 20;

/** Whatever an answer says. */
const LONGEST_RETRY_MS = 60_000;

/** An HTTP answer in place of a socket. */
interface Refusal {
  status: number;
  retryAfterMs: number;
}

export interface SocketOptions {
  credential: string;
  trust: Trust;
  handshakeMs: number;
  closeMs: number;
}

/**
 * A WebSocket class for one connection. tRPC's client makes its socket with nothing but the URL, so that a
 * subclass is the place for headers and limits; and it cannot be told to give up a dead socket, so that
 * the last one made is kept here to be terminated.
 */
export function socketClass({ credential, trust, handshakeMs, closeMs }: SocketOptions): {
  socket: typeof globalThis.WebSocket;
  /** How the handshake was answered if not by a socket. */
  refusal: () => Refusal | undefined;
  terminate: () => void;
} {
  let latest: WebSocket | undefined;
  let refusal: Refusal | undefined;
  const made = (socket: WebSocket): void => {
    latest = socket;
    socket.on("unexpected-response", (_request, response) => {
      const seconds = Number(response.headers["retry-after"] ?? 0);
      refusal = {
        status: response.statusCode ?? 0,
        retryAfterMs: Math.min(LONGEST_RETRY_MS, Math.max(0, Number.isFinite(seconds) ? seconds * 1000 : 0)),
      };
      socket.terminate();
    });
  };

  class AgentSocket extends WebSocket {
    constructor(url: string) {
      // closeTimeout is not in the types yet: without it a dead link takes 30 s to close.
      const options: ClientOptions & { closeTimeout: number } = {
        agent: agentFor(url.replace(/^ws/, "http"), trust),
        headers: { authorization: `Bearer ${credential}` },
        handshakeTimeout: handshakeMs,
        closeTimeout: closeMs,
        maxPayload: LARGEST_FRAME,
      };
      super(url, options);
      made(this);
    }
  }

  // ws has all of the browser's class that tRPC uses, but not all of what its type promises.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const socket = AgentSocket as unknown as typeof globalThis.WebSocket;
  return { socket, refusal: () => refusal, terminate: () => latest?.terminate() };
}
