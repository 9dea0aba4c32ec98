import { createConnection, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { decodeAnswer, encodeFrame, encodeJson, makeFrameReader } from "../control/framing.ts";
import { inDirectory } from "../control/short-path.ts";
import type { GuestCommand, GuestExit } from "./engine.ts";
import { writeTo } from "./stream-copy.ts";

/**
 * Runs a command through the guest agent whose socket is in `runDir`. A guest that is gone, or goes
 * meanwhile, has killed its command.
 */
export async function execThroughAgent(runDir: string, command: GuestCommand): Promise<GuestExit> {
  if (command.signal.aborted) return { kind: "signaled" };
  // Socket paths end at 107 bytes; that of a VM's disk may be longer.
  const socket = inDirectory(runDir, () => createConnection("agent.sock"));
  const { promise: aborted, resolve } = Promise.withResolvers<GuestExit>();
  const hangUp = (): void => {
    socket.destroy();
    resolve({ kind: "signaled" });
  };
  socket.on("error", () => socket.destroy());
  command.signal.addEventListener("abort", hangUp, { once: true });
  socket.write(encodeJson("request", { call: "exec", argv: command.argv, stdin: command.stdin !== null }));
  const stopSending = send(command.stdin, socket);
  try {
    return await Promise.race([receive(socket, command), aborted]);
  } finally {
    command.signal.removeEventListener("abort", hangUp);
    stopSending();
    socket.destroy();
  }
}

/** Sends a command's input at the agent's pace; the answer stops it. */
function send(stdin: Readable | null, socket: Socket): () => void {
  if (stdin === null) return () => {};
  const data = (chunk: Buffer): void => {
    if (!socket.write(encodeFrame("stdin", chunk))) stdin.pause();
  };
  const end = (): void => {
    if (socket.writable) socket.write(encodeFrame("stdinEnd"));
  };
  socket.on("drain", () => stdin.resume());
  stdin.on("data", data).on("end", end);
  return () => {
    stdin.off("data", data).off("end", end).pause();
  };
}

async function receive(socket: Socket, command: GuestCommand): Promise<GuestExit> {
  const read = makeFrameReader();
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const { kind, payload } of read(chunk)) {
        if (kind === "answer") return toExit(payload);
        if (kind !== "stdout" && kind !== "stderr") continue;
        await writeTo(command[kind], payload);
      }
    }
  } catch (error) {
    if (!socket.destroyed) throw error;
  }
  return { kind: "signaled" };
}

function toExit(payload: Buffer): GuestExit {
  const answer = decodeAnswer(payload);
  const known = answer?.kind === "exited" || answer?.kind === "signaled" || answer?.kind === "not_found";
  if (answer === undefined || !known) throw new Error("the guest agent's answer is not understood");
  return answer;
}
