import { createHash } from "node:crypto";
import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** One agent a data folder. The kernel lets go of it when the process dies, however it dies. */
export interface Lock {
  release(): Promise<void>;
}

/** The longest path that a socket may have on macOS is 103 bytes. */
const LONGEST_PATH = 100;
const ANSWER_MS = 2000;

/**
 * Takes the folder's lock: a Unix socket that only a living process can listen on (Node has no flock, and a
 * pid in a file may be another process's by now).
 *
 * @returns the holder's pid (or "?") when another agent has it
 */
export async function takeLock(folder: string): Promise<Lock | { heldBy: string }> {
  const path = lockPath(folder);
  for (let tries = 0; tries < 3; tries += 1) {
    const server = await listen(path);
    if (server) {
      // Whoever removed a stale socket at the same moment may have removed this one: then it is not ours.
      const holder = await ask(path);
      if (holder === String(process.pid)) return { release: () => close(server, path) };
      await close(server, undefined);
    }
    const holder = await ask(path);
    if (holder !== undefined) return { heldBy: holder };
    await removeStale(path);
  }
  return { heldBy: "?" };
}

/** The pid (or "?") of who has a folder's lock; undefined when nobody has. */
export function holderOf(folder: string): Promise<string | undefined> {
  return ask(lockPath(folder));
}

function lockPath(folder: string): string {
  const path = join(resolve(folder), "agent.sock");
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path;
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 24);
  return join(tmpdir(), `tartfleet-agent-${hash}.sock`);
}

async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(String(process.pid));
  });
  server.unref();
  try {
    server.listen(path);
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
}

/** The pid of the process that listens; "?" when it does not say, undefined when nobody listens. */
async function ask(path: string): Promise<string | undefined> {
  const socket = connect(path);
  let said = "";
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_MS) });
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    for await (const chunk of socket) said += String(chunk);
    return said === "" ? "?" : said;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ECONNREFUSED" || code === "ENOENT" ? undefined : "?";
  } finally {
    socket.destroy();
  }
}

async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}

async function close(server: Server, path: string | undefined): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
  if (path) await rm(path, { force: true });
}
