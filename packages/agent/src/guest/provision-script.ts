import type { Bootstrap, Revealed } from "@tartfleet/shared";
import { registrationName, type GuestFile } from "../runners/plan.ts";
import { planRunner } from "../runners/index.ts";
import { assignments, exports, quote } from "./shell.ts";

export interface ProvisionSubject {
  vmId: string;
  attempt: number;
  /** The guest's private IPv4; null when nobody could tell. */
  ip: string | null;
}

/** The static scripts that every guest gets, by name. */
export const GUEST_SCRIPTS = ["suicide.sh", "job-started.sh", "supervise.sh", "github-hooks.sh"] as const;
export type GuestScripts = ReadonlyMap<(typeof GUEST_SCRIPTS)[number], string>;

/** Exit codes of the provisioning script beside 0. */
export const PROVISION_EXIT = { broken: 41, missing: 44, notStarted: 45 } as const;

/** What the control plane is verified by, where the guest's system does not know its authority. */
const CA_FILE = "ca.pem";

const START_HEAD = `dir=$(cd "\${0%/*}" && pwd)\nhome=\${dir%/*}\n`;

/**
 * The whole of a guest's provisioning as one bash script, sent by stdin because it holds the secrets. It is one
 * function that is called in the last line: cut short, it does nothing. It may be run any number of times: what
 * is there is replaced by the same, and the runner is started by whichever supervise.sh comes first.
 */
export function provisionScript(
  bootstrap: Revealed<Bootstrap>,
  subject: ProvisionSubject,
  scripts: GuestScripts,
): string {
  const { vmId, attempt } = subject;
  const plan = bootstrap.runner
    ? planRunner(bootstrap.runner, registrationName(bootstrap.vmName, vmId))
    : undefined;
  const files: GuestFile[] = [
    ...Array.from(scripts, ([name, content]) => ({ name, mode: "0755" as const, content })),
    { name: "token", mode: "0400", content: bootstrap.vmToken },
    ...(bootstrap.caCertificate === undefined
      ? []
      : [{ name: CA_FILE, mode: "0600" as const, content: bootstrap.caCertificate }]),
    { name: "job.env", mode: "0600", content: exports(bootstrap.env) },
    ...(plan ? [{ name: "start.sh", mode: "0700" as const, content: START_HEAD + plan.start }] : []),
    ...(plan?.files ?? []),
  ];
  return `main() {
umask 077
home=\${HOME:-$(cd ~ && pwd)}
dir=$home/.tartfleet
started=$dir/started-${vmId}-${attempt}
${HELPERS}
if [ -d "$started" ]; then return 0; fi
${freshDirectory(`${vmId} ${attempt}`)}
${plan?.check ?? ""}
${files.map((file) => `put ${file.mode} ${quote(file.name)} ${quote(file.content)}`).join("\n")}
put 0600 vm.env ${quote(vmEnv(bootstrap, subject))}"TARTFLEET_TOKEN_FILE=$(printf %q "$dir/token")
TARTFLEET_CA_FILE=${bootstrap.caCertificate === undefined ? "" : `$(printf %q "$dir/${CA_FILE}")`}"
${ZSHENV}
${plan?.prepare ?? ""}
${plan ? START : ""}
}
main </dev/null
`;
}

function vmEnv(bootstrap: Revealed<Bootstrap>, { vmId, attempt, ip }: ProvisionSubject): string {
  return assignments({
    TARTFLEET_URL: bootstrap.publicUrl.replace(/\/+$/, ""),
    TARTFLEET_VM_ID: vmId,
    TARTFLEET_ATTEMPT: String(attempt),
    TARTFLEET_IP: ip ?? "",
    TARTFLEET_JOB_ID: bootstrap.jobId ?? "",
    TARTFLEET_HOOK_TRIES: "2",
    TARTFLEET_EXIT_TRIES: "20",
    TARTFLEET_NO_JOB_SECONDS: String(bootstrap.noJobSeconds ?? 0),
  });
}

const HELPERS = `PATH=$PATH:/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
broken() { echo "$1"; exit ${PROVISION_EXIT.broken}; }
missing() { echo "$1"; exit ${PROVISION_EXIT.missing}; }
have() {
  command -v "$1" >/dev/null 2>&1 && return 0
  zsh -c 'command -v "$1"' zsh "$1" >/dev/null 2>&1
}
put() {
  printf '%s' "$3" >"$dir/$2.$$" && chmod "$1" "$dir/$2.$$" && mv -f "$dir/$2.$$" "$dir/$2" ||
    broken "cannot write ~/.tartfleet/$2"
}`;

/** An image that was saved from a used VM brings another VM's directory along: nothing of it may be believed. */
function freshDirectory(instance: string): string {
  return `if [ -e "$dir/instance" ] && [ "$(cat "$dir/instance")" != ${quote(instance)} ]; then rm -rf "$dir"; fi
mkdir -p "$dir" && chmod 700 "$dir" || broken "cannot make ~/.tartfleet"
put 0600 instance ${quote(instance)}`;
}

/** zsh reads ~/.zshenv for commands too, ~/.zprofile only for login shells. */
const ZSHENV = `if ! grep -q '^# tartfleet: ' "$home/.zshenv" 2>/dev/null; then
  printf '\\n# tartfleet: the environment of this VM\\nif [ -r ~/.tartfleet/job.env ]; then . ~/.tartfleet/job.env; fi\\n' >>"$home/.zshenv" ||
    broken "cannot write ~/.zshenv"
fi`;

/**
 * In a process group of its own and holding no pipe: it must outlive the command that starts it. macOS has no
 * setsid.
 */
const START = `set -m
/bin/bash "$dir/supervise.sh" </dev/null >>"$dir/supervise.log" 2>&1 &
set +m
waited=0
while [ ! -d "$started" ]; do
  waited=$((waited + 1))
  if [ "$waited" -gt 100 ]; then tail -n 5 "$dir/supervise.log"; exit ${PROVISION_EXIT.notStarted}; fi
  sleep 0.1
done`;
