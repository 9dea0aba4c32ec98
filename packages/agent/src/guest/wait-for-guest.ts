import { setTimeout as sleep } from "node:timers/promises";
import { failed, ok, type Result } from "../tart/result.ts";
import type { Tart } from "../tart/tart.ts";
import { makeExecGuest } from "./exec-guest.ts";
import type { Guest, GuestFailure } from "./guest.ts";
import { makeSshGuest, type SshLogin } from "./ssh-guest.ts";

/** Two looks at a control socket must be this far apart (tart-contract §7). */
const PROBE_PAUSE_MS = 2000;
/**
 * For so long ssh waits for `tart exec`: that needs no network and works in the GUI session, but its agent comes
 * up later than sshd, after the guest's auto-login (tart-contract §7).
 */
const HEAD_START_SECONDS = 30;
const SSH_PAUSE_MS = 1000;
/** A first `exec` may take 30 seconds by itself. */
const HELLO_SECONDS = 45;
const IP_TRIES_AFTER_GUEST = 3;

export interface WaitForGuest {
  name: string;
  tart: Pick<Tart, "exec" | "execIsDead" | "ip" | "probeAgent">;
  /** The log of its `tart run`. */
  logPath: string;
  ssh: SshLogin;
  timeoutSeconds: number;
  /** Abort it when the run has ended. */
  signal: AbortSignal;
  /** How long only `tart exec` is tried. */
  headStartSeconds?: number | undefined;
  /** Divides every pause; 1 in production. */
  pace?: number | undefined;
}

export interface ReachedGuest {
  guest: Guest;
  /** Null when the guest answers by `exec` but nobody knows its address. */
  ip: string | null;
}

/** Waits until a guest runs commands: by `tart exec`, or after a head start by ssh, whichever answers first. */
export async function waitForGuest(options: WaitForGuest): Promise<Result<ReachedGuest, GuestFailure>> {
  const deadline = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const found = new AbortController();
  const signal = AbortSignal.any([options.signal, deadline, found.signal]);
  const seen: Seen = {
    exec: "nothing yet",
    ssh: "nothing yet",
    ip: null,
    execGivenUp: new AbortController(),
  };
  const ways = [byExec(options, seen, signal), bySsh(options, seen, signal)];
  const guest = await Promise.any(ways).catch(() => undefined);
  found.abort();
  await Promise.allSettled(ways);
  if (!guest) return failed(unreached(options, seen));
  return ok({ guest, ip: seen.ip ?? (await askIp(options, guest)) });
}

/** What each way saw last, for the message when none succeeds. */
interface Seen {
  exec: string;
  ssh: string;
  ip: string | null;
  execGivenUp: AbortController;
}

class GaveUp extends Error {}

async function byExec(
  { name, tart, logPath, pace = 1 }: WaitForGuest,
  seen: Seen,
  signal: AbortSignal,
): Promise<Guest> {
  const guest = makeExecGuest(tart, name);
  while (!signal.aborted) {
    if (await tart.execIsDead(logPath)) {
      seen.exec = "its control socket is dead for this run";
      break;
    }
    const probe = await tart.probeAgent(name, { signal });
    if (probe === "answers") {
      const hello = await guest.run("exit 0", { timeoutSeconds: HELLO_SECONDS, signal });
      if (hello.ok && hello.value.exitCode === 0) return guest;
      seen.exec = hello.ok ? `/bin/bash exits with ${hello.value.exitCode}` : hello.failure.message;
    } else if (!signal.aborted) {
      seen.exec = probe === "absent" ? "there is no control socket" : "the guest agent does not listen";
    }
    await pause(PROBE_PAUSE_MS / pace, signal);
  }
  seen.execGivenUp.abort();
  throw new GaveUp();
}

async function bySsh(options: WaitForGuest, seen: Seen, signal: AbortSignal): Promise<Guest> {
  const { name, tart, ssh, headStartSeconds = HEAD_START_SECONDS, pace = 1 } = options;
  await pause((headStartSeconds * 1000) / pace, AbortSignal.any([signal, seen.execGivenUp.signal]));
  while (!signal.aborted) {
    const ip = await tart.ip(name, { signal });
    if (ip.ok) {
      seen.ip = ip.value;
      const guest = makeSshGuest(ip.value, ssh);
      const hello = await guest.run("exit 0", { timeoutSeconds: HELLO_SECONDS, signal });
      if (hello.ok && hello.value.exitCode === 0) return guest;
      if (!signal.aborted) {
        seen.ssh = hello.ok ? `/bin/bash exits with ${hello.value.exitCode}` : hello.failure.message;
      }
    } else if (!signal.aborted) {
      seen.ssh = ip.failure.message;
    }
    await pause(SSH_PAUSE_MS / pace, signal);
  }
  throw new GaveUp();
}

/** DHCP knows the address before a guest can answer; one that hides from it is asked itself (tart-contract §6.1). */
async function askIp({ name, tart, signal }: WaitForGuest, guest: Guest): Promise<string | null> {
  for (let tried = 1; tried <= IP_TRIES_AFTER_GUEST; tried += 1) {
    const resolver = tried > 1 && guest.via === "exec" ? ("agent" as const) : undefined;
    const ip = await tart.ip(name, { signal, resolver });
    if (ip.ok) return ip.value;
    if (signal.aborted) break;
  }
  return null;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

function unreached({ signal, timeoutSeconds }: WaitForGuest, seen: Seen): GuestFailure {
  const output = `tart exec: ${seen.exec}\nssh: ${seen.ssh}`;
  if (signal.aborted) {
    return { class: "cancelled", via: "exec", message: "It was no longer wanted.", output };
  }
  return {
    class: "unreachable",
    via: "exec",
    message: `The guest did not answer within ${timeoutSeconds} s. By tart exec: ${seen.exec}. By ssh: ${seen.ssh}`,
    output,
  };
}
