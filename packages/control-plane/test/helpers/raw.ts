import { connect } from "node:net";
import type { Socket } from "node:net";

/** A bare connection: what a peer does that follows no rule. */
export interface RawConnection {
  socket: Socket;
  /** All that came so far. */
  received(): string;
  /** Resolves when the other side has closed. */
  closed: Promise<void>;
}

export function rawConnection(port: number): RawConnection {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (part: string) => {
    received += part;
  });
  socket.on("error", () => {});
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on("close", () => resolve());
  return { socket, received: () => received, closed };
}
