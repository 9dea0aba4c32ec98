import type { TunnelFailure, TunnelOpen } from "@tartfleet/shared";
import { write } from "@tartfleet/tunnel";
import { attachByExec, type GuestProcess } from "../guest/guest-process.ts";
import { attachBySsh } from "../guest/ssh-process.ts";
import { ok, type Result } from "../tart/result.ts";
import { guestIp } from "./guest-ip.ts";
import type { Serve, Served, TunnelParts } from "./serve.ts";

/** A guest agent that is up says so at once. */
const PROBE_MS = 10_000;

/** A command in the guest, by `tart exec`; by ssh where the guest has no agent, or a terminal is wanted. */
export const serveExec: Serve = async (served, parts) => {
  const { end } = served;
  const { argv, terminal } = served.open;
  if (!argv) {
    return end.send({
      kind: "failed",
      failure: { code: "not_understood", message: "No command was given." },
    });
  }
  const started = await startCommand(served, parts, { argv, terminal });
  if (!started.ok) return end.send({ kind: "failed", failure: started.failure });
  const guest = started.value;
  await end.send({ kind: "opened" });
  const input = takeInput(served, guest);
  await Promise.all([end.carry("output", guest.stdout), end.carry("error_output", guest.stderr)]);
  const ended = await Promise.race([guest.ended, aborted(served.signal)]);
  if (!ended) return;
  await end.send(ended.ok ? { kind: "exit", code: ended.value } : { kind: "failed", failure: ended.failure });
  await Promise.race([input, aborted(served.signal)]);
};

/** Starts a command in the guest, which is ended with the tunnel. */
export async function startCommand(
  { name, signal }: Pick<Served, "name" | "signal">,
  parts: TunnelParts,
  { argv, terminal }: { argv: readonly string[]; terminal?: TunnelOpen["terminal"] },
): Promise<Result<GuestProcess, TunnelFailure>> {
  // tart's own -t ends with a crash where the agent has no terminal (tart-contract §7).
  if (!terminal && (await answersExec(name, parts, signal))) {
    return ok(await attachByExec(parts.tart, name, argv, signal));
  }
  const ip = await guestIp(parts.tart, name, signal);
  if (!ip.ok) return ip;
  return attachBySsh(ip.value, parts.ssh, { argv, terminal, signal });
}

/** An `exec` that nobody answers would end the control socket for good, so it is looked at first. */
async function answersExec(name: string, { tart, runLogs }: TunnelParts, signal: AbortSignal) {
  if (await tart.execIsDead(runLogs.path(name))) return false;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]);
  return (await tart.probeAgent(name, { signal: limit })) === "answers";
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

/** Until the tunnel is over: what comes after the command's end is taken and left. */
async function takeInput({ frames }: Served, guest: GuestProcess): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === "input") await write(guest.stdin, frame.bytes);
    else if (frame.kind === "input_end") guest.stdin.end();
    else if (frame.kind === "resize") guest.resize?.(frame.size);
  }
}
