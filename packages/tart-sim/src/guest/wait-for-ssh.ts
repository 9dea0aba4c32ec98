import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const pauseMs = 20;
const limitMs = 20_000;

/**
 * Waits until an sshd says its name; a bare connection is not enough.
 * @param complaint what the sshd wrote when it cannot start; ends the wait
 */
export async function waitForSsh(
  host: string,
  port: number,
  complaint: () => string | undefined,
): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  for (;;) {
    if ((await firstWords(host, port, limit))?.startsWith("SSH-2.0")) return;
    const why = complaint();
    if (why !== undefined) throw new Error(`sshd did not start on ${host}:${port}: ${why}`);
    if (limit.aborted) throw new Error(`sshd did not answer on ${host}:${port} within ${limitMs / 1000} s`);
    await delay(pauseMs);
  }
}

async function firstWords(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const socket = createConnection({ host, port, signal });
  try {
    const [chunk]: unknown[] = await once(socket, "data", { signal });
    return String(chunk);
  } catch {
    return undefined;
  } finally {
    socket.on("error", () => {}).destroy();
  }
}
