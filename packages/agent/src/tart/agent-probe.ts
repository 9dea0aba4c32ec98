import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { AgentProbe } from "./tart.ts";

/** macOS takes 104 bytes with the closing NUL for a Unix socket's path. */
const PATH_LIMIT = 103;
/** tart closes the connection by itself when the guest agent does not listen; this is for when it does not. */
const HOLD_MS = 60_000;

/**
 * One careful look at a control socket: a plain connection, held until the guest agent's first bytes or until
 * tart closes it. An `exec` that is given up instead can end the socket for good (tart-contract §7).
 */
export async function probeControlSocket(path: string, signal: AbortSignal): Promise<AgentProbe> {
  if (Buffer.byteLength(path) <= PATH_LIMIT) return await probe(path, signal);
  const directory = await mkdtemp("/tmp/tf-");
  try {
    await symlink(dirname(path), join(directory, "vm"));
    return await probe(join(directory, "vm", "control.sock"), signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function probe(path: string, signal: AbortSignal): Promise<AgentProbe> {
  if (signal.aborted) return "closed";
  const socket = createConnection(path);
  const giveUp = () => socket.destroy();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await firstWord(socket);
  } finally {
    signal.removeEventListener("abort", giveUp);
    socket.destroy();
  }
}

async function firstWord(socket: Socket): Promise<AgentProbe> {
  return await new Promise((resolve) => {
    socket.setTimeout(HOLD_MS, () => socket.destroy());
    socket.once("data", () => resolve("answers"));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ENOENT" || error.code === "ECONNREFUSED" ? "absent" : "closed");
    });
    socket.once("close", () => resolve("closed"));
  });
}
