import type { WebSocket } from "ws";
import type { Limits } from "./limits.ts";
import type { Spend } from "./socket-rates.ts";

/** A peer that leaves is seen by reading, so no pause is longer. */
const LONGEST_PAUSE_MS = 10_000;

/** What is told of a socket's peer, each once. */
interface BoundSocketListeners {
  /** It sent too much, and is read more slowly. */
  onSlowed(): void;
  /** It does not read, and was cut off. */
  onCut(): void;
}

/**
 * Holds a socket's peer to what it may cost. tRPC's adapter pushes whatever its generators yield and takes
 * whatever comes: a peer that stops reading would cost hundreds of megabytes. What one sends too much is not
 * refused but not read yet either: it waits in the peer's own buffers, and costs nothing here.
 *
 * @param spend counts each message and ping
 * @returns counts more calls, for messages of many
 */
export function boundSocket(
  socket: WebSocket,
  { socketUnreadBytes }: Pick<Limits, "socketUnreadBytes">,
  spend: Spend,
  { onSlowed, onCut }: BoundSocketListeners,
): (calls: number) => void {
  const send = socket.send.bind(socket);
  socket.send = (...message: unknown[]) => {
    if (socket.bufferedAmount <= socketUnreadBytes) {
      Reflect.apply(send, socket, message);
    } else if (socket.readyState === socket.OPEN) {
      onCut();
      socket.terminate();
    }
  };

  let wasSlowed = false;
  function rest(): void {
    const waitMs = spend(0);
    if (waitMs === 0 || socket.readyState !== socket.OPEN) return socket.resume();
    socket.pause();
    setTimeout(rest, Math.min(waitMs, LONGEST_PAUSE_MS)).unref();
  }
  function count(calls: number): void {
    if (spend(calls) === 0 || socket.isPaused) return;
    if (!wasSlowed) onSlowed();
    wasSlowed = true;
    rest();
  }
  socket.on("message", () => count(1));
  socket.on("pong", () => count(1));
  socket.on("ping", (data) => {
    count(1);
    if (socket.bufferedAmount <= socketUnreadBytes) socket.pong(data);
    else socket.terminate();
  });
  return count;
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
