import type { Readable, Writable } from "node:stream";
import {
  decodeFrame,
  encodeFrame,
  LARGEST_FRAME_BYTES,
  PIECE_BYTES,
  TUNNEL_CUTS,
  tunnelCutSchema,
  type Frame,
  type TunnelCut,
} from "@tartfleet/shared";
import { createWebSocketStream, type ClientOptions, type WebSocket } from "ws";

/** How many messages may wait for whoever takes the frames. */
const WAITING = 4;

/** What the socket of a tunnel's end must be made with. */
export const END_OPTIONS = {
  maxPayload: LARGEST_FRAME_BYTES,
  perMessageDeflate: false,
} as const satisfies ClientOptions;

/** How a tunnel ended: by whom of its ends, or why the control plane cut it. */
export type TunnelClose = { kind: "closed" } | { kind: "lost" } | { kind: "cut"; cut: TunnelCut };

/** One end of a tunnel. Nothing here throws because the tunnel ends. */
export interface TunnelEnd {
  /** What the other end says, in order. While nobody takes a frame, the other end waits; ends with the tunnel. */
  frames(): AsyncGenerator<Frame, void>;
  /** Resolves when it is on its way, and there is room for more. */
  send(frame: Frame): Promise<void>;
  /** Carries all that a source gives, in pieces; as fast as the other end takes it. */
  carry(kind: "input" | "output" | "error_output", source: Readable): Promise<void>;
  close(): void;
  /** Without a word. */
  terminate(): void;
  readonly closed: Promise<TunnelClose>;
}

export function makeTunnelEnd(socket: WebSocket): TunnelEnd {
  const stream = createWebSocketStream(socket, { readableObjectMode: true, readableHighWaterMark: WAITING });
  // How it ended is told by `closed`.
  stream.on("error", () => {});
  const { promise: closed, resolve } = Promise.withResolvers<TunnelClose>();
  socket.once("close", (code, reason) => resolve(closeOf(code, reason.toString())));

  function send(frame: Frame): Promise<void> {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    return new Promise((sent) => socket.send(encodeFrame(frame), () => sent()));
  }

  return {
    async *frames() {
      for await (const message of messagesOf(stream)) {
        const frame = decodeFrame(message);
        if (frame === "malformed") {
          const { code } = TUNNEL_CUTS.not_understood;
          socket.close(code, "not_understood" satisfies TunnelCut);
          return;
        }
        if (frame !== "unknown") yield frame;
      }
    },
    send,
    async carry(kind, source) {
      try {
        for await (const chunk of bytesOf(source)) {
          for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
            await send({ kind, bytes: chunk.subarray(at, at + PIECE_BYTES) });
          }
          if (socket.readyState !== socket.OPEN) return;
        }
      } catch {
        // A source that breaks has ended; that it broke is its owner's to tell.
      }
    },
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
    closed,
  };
}

/** Writes, and waits until there is room for more; false when nobody takes anything any more. */
export function write(sink: Writable, bytes: Uint8Array): Promise<boolean> {
  if (!sink.writable) return Promise.resolve(false);
  if (sink.write(bytes)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (isOpen: boolean) => () => {
      sink.off("drain", onDrain).off("close", onClose).off("error", onClose);
      resolve(isOpen);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    sink.once("drain", onDrain).once("close", onClose).once("error", onClose);
  });
}

/** Whoever stops taking frames has not ended the tunnel. */
async function* messagesOf(stream: Readable): AsyncGenerator<Uint8Array, void> {
  try {
    yield* stream.iterator({ destroyOnReturn: false });
  } catch {
    // The connection broke.
  }
}

function bytesOf(source: Readable): AsyncIterable<Uint8Array> {
  return source.iterator({ destroyOnReturn: false });
}

function closeOf(code: number, reason: string): TunnelClose {
  if (code === 1012) return { kind: "cut", cut: "restarting" };
  const cut = tunnelCutSchema.safeParse(reason);
  if (cut.success) return { kind: "cut", cut: cut.data };
  return { kind: code === 1000 || code === 1005 ? "closed" : "lost" };
}
