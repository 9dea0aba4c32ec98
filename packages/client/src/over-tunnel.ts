import { openTunnel, type Connection, type WantedTunnel } from "./open-tunnel.ts";
import { talk, type Near } from "./talk.ts";

/**
 * Talks to a VM over a tunnel of its own, which ends when the signal aborts.
 *
 * @returns the exit code, of a command
 * @throws TartfleetError, or the reason of `signal`
 */
export async function overTunnel(
  connection: Connection,
  wanted: WantedTunnel,
  near: Near,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  signal?.throwIfAborted();
  const end = await openTunnel(connection, wanted);
  // The host ends a command when its client goes.
  const leave = () => end.terminate();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    if (signal?.aborted) leave();
    return await talk(end, near);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", leave);
    end.close();
  }
}
