import type { WebSocket } from "ws";
import { makeBucket } from "../api/bucket.ts";
import type { Limits } from "./limits.ts";

type SocketLimits = Pick<Limits, "socketUnreadBytes" | "socketRate" | "socketCloseMs">;

/**
 * Holds a socket's peer to what it may cost. tRPC's adapter pushes whatever its generators yield and takes
 * whatever comes: a peer that stops reading would cost hundreds of megabytes.
 *
 * @param onCut told once, with the reason, when the socket is ended for it
 */
export function boundSocket(socket: WebSocket, limits: SocketLimits, onCut: (reason: string) => void): void {
  const send = socket.send.bind(socket);
  socket.send = (...message: unknown[]) => {
    if (socket.bufferedAmount <= limits.socketUnreadBytes) {
      Reflect.apply(send, socket, message);
    } else if (socket.readyState === socket.OPEN) {
      onCut("the peer does not read");
      socket.terminate();
    }
  };

  const bucket = makeBucket(limits.socketRate);
  const take = (): boolean => {
    if (bucket.take(performance.now())) return true;
    if (socket.readyState === socket.OPEN) {
      onCut("too many messages");
      closeWithin(socket, { code: 1008, reason: "too many messages" }, limits.socketCloseMs);
      // Nothing more is read, so the peer's half of the closing would not be seen either.
      socket.pause();
    }
    return false;
  };
  socket.on("message", take);
  socket.on("ping", (data) => {
    if (!take()) return;
    if (socket.bufferedAmount <= limits.socketUnreadBytes) socket.pong(data);
    else socket.terminate();
  });
}

/** Tells the peer why, and ends the connection when it does not answer in time. */
export function closeWithin(
  socket: WebSocket,
  { code, reason }: { code: number; reason: string },
  milliseconds: number,
): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), milliseconds).unref();
}
