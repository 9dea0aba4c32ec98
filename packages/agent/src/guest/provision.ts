import { reveal, type AttemptError, type Bootstrap } from "@tartfleet/shared";
import { readFile } from "node:fs/promises";
import { GUEST_FOLDER } from "../guest-folder.ts";
import { failed, ok, type Result } from "../tart/result.ts";
import { attemptErrorOfGuest } from "./attempt-error.ts";
import type { Guest } from "./guest.ts";
import {
  GUEST_SCRIPTS,
  PROVISION_EXIT,
  provisionScript,
  type GuestScripts,
  type ProvisionSubject,
} from "./provision-script.ts";
import { runRepeatable } from "./repeat.ts";

const TIMEOUT_SECONDS = 60;

/**
 * Places the VM's files in the guest and starts the runner, in one command. May be repeated, by another agent
 * too: the runner is started once per attempt, whatever dies in between.
 */
export async function provision(
  guest: Guest,
  bootstrap: Bootstrap,
  subject: ProvisionSubject & { signal: AbortSignal },
): Promise<Result<void, AttemptError>> {
  const who = { ...subject, ...bootstrap.forVm };
  const stdin = provisionScript(reveal(bootstrap), who, await guestScripts());
  const ran = await runRepeatable(guest, 'eval "$(cat)"', {
    stdin,
    timeoutSeconds: TIMEOUT_SECONDS,
    signal: subject.signal,
  });
  if (!ran.ok) return failed(attemptErrorOfGuest(ran.failure));
  const { exitCode, stdout, stderr } = ran.value;
  return exitCode === 0 ? ok() : failed(refusal(exitCode, stdout, stderr));
}

async function guestScripts(): Promise<GuestScripts> {
  const read = async (name: (typeof GUEST_SCRIPTS)[number]) =>
    [name, await readFile(new URL(name, GUEST_FOLDER), "utf8")] as const;
  return new Map(await Promise.all(GUEST_SCRIPTS.map(read)));
}

function refusal(exitCode: number, stdout: string, stderr: string): AttemptError {
  const said = stdout.trim().slice(-1000);
  if (exitCode === PROVISION_EXIT.missing) {
    return {
      code: "runner_missing",
      message: `The image lacks what its runner needs. Bake into it: ${said}.`,
      facts: { missing: said },
    };
  }
  const reason =
    exitCode === PROVISION_EXIT.notStarted
      ? "the supervisor of the runner did not start"
      : said || "the provisioning script failed";
  return {
    code: "provision_failed",
    message: `The guest could not be set up: ${reason}. Check the image's disk space and its user's home.`,
    facts: { exitCode, output: `${said}\n${stderr}`.slice(-4096) },
  };
}
