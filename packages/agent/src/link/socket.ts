import { WebSocket, type ClientOptions } from "ws";

/** The control plane's frames are small; a set of assignments is the largest. */
const LARGEST_FRAME = 4 << 20;

export interface SocketOptions {
  credential: string;
  handshakeMs: number;
  closeMs: number;
}

/**
 * A WebSocket class for one connection. tRPC's client makes its socket with nothing but the URL, so that a
 * subclass is the place for headers and limits; and it cannot be told to give up a dead socket, so that
 * the last one made is kept here to be terminated.
 */
export function socketClass({ credential, handshakeMs, closeMs }: SocketOptions): {
  socket: typeof globalThis.WebSocket;
  terminate: () => void;
} {
  let latest: WebSocket | undefined;
  const made = (socket: WebSocket): void => {
    latest = socket;
  };

  class AgentSocket extends WebSocket {
    constructor(url: string) {
      // closeTimeout is not in the types yet: without it a dead link takes 30 s to close.
      const options: ClientOptions & { closeTimeout: number } = {
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
  return { socket, terminate: () => latest?.terminate() };
}
