/**
 * What a failed tart command means. Exit codes mean little alone (tart-contract §1.2), so a class is read from
 * the command, the exit and the text. The rows are those of tart-contract §13 and their order matters: the first
 * that fits wins. `advice` is for people.
 */
interface FailureRule {
  class: string;
  /** Subcommands it can come from; all when absent. */
  commands?: readonly string[];
  /** Exit codes; all when absent. Of an adopted run the code is not known: its text decides alone. */
  codes?: readonly number[];
  signals?: readonly string[];
  text?: RegExp;
  /** Texts are looked for on stderr, where failures are told; "all" also takes stdout. */
  where?: "all";
  advice: string;
}

const FETCHING = ["pull", "clone"] as const;

export const FAILURE_RULES = [
  {
    class: "BINARY_BROKEN",
    text: /Library not loaded|dyld(\[|:)/,
    advice:
      "The tart binary does not start on this macOS. Install a release that fits (2.34.0 up to macOS 15, 2.40.1 or later from macOS 26).",
  },
  {
    class: "DISK_FULL",
    text: /no space left|out of space/i,
    advice: "The host's disk is full. Remove images with `tart prune` or give the host more room.",
  },
  {
    class: "DISK_FULL",
    commands: FETCHING,
    signals: ["SIGABRT", "SIGTRAP"],
    advice: "tart was aborted while it wrote an image, which a full disk does. Free some space on the host.",
  },
  // The ends of a run come first: the text of a crash is that of a refused start.
  {
    class: "GUEST_CRASH",
    commands: ["run"],
    codes: [0],
    text: /guest has stopped the virtual machine due to error:/,
    advice: "The guest crashed.",
  },
  {
    class: "NETWORK_LOST",
    commands: ["run"],
    codes: [0],
    text: /has been disconnected with error/,
    advice: "macOS took the VM's network away. A VPN, a firewall or a stale vmnet on the host can do that.",
  },
  {
    class: "STOPPED",
    commands: ["run"],
    codes: [0],
    text: /^Stopping VM\.\.\.$|snapshot created successfully/m,
    advice: "The VM was stopped.",
  },
  {
    class: "GUEST_OFF",
    commands: ["run"],
    codes: [0],
    text: /guest has stopped the virtual machine$/m,
    advice: "The guest shut itself down.",
  },
  {
    class: "LIMIT",
    commands: ["run"],
    codes: [1],
    text: /exceeds the system limit|maximum supported number of active virtual machines/,
    advice:
      "macOS refuses another VM. If fewer than two run on the host, its slots have leaked: drain and restart it.",
  },
  {
    class: "NOT_FOUND",
    codes: [2],
    text: /the specified VM ".*" does not exist/,
    advice: "The VM is not on the host.",
  },
  {
    class: "NOT_FOUND",
    commands: ["run"],
    codes: [1],
    text: /the specified VM ".*" does not exist/,
    advice: "The VM is not on the host.",
  },
  {
    class: "ALREADY_RUNNING",
    commands: ["run"],
    codes: [2],
    text: /is already running!/,
    advice: "Another process runs this VM.",
  },
  {
    class: "STILL_RUNNING",
    commands: ["delete", "push", "clone", "rename"],
    codes: [1],
    text: /^VM ".*" is running$/m,
    advice: "Stop the VM first.",
  },
  { class: "NOT_RUNNING", codes: [2], text: /is not running/, advice: "The VM is not running." },
  {
    class: "NAME_CLASH",
    commands: ["clone"],
    codes: [64],
    text: /already exists/,
    advice: "A VM of this name is on the host already.",
  },
  {
    class: "USAGE",
    codes: [64],
    advice:
      "tart does not know this command line. The host's tart may be too old; otherwise this is a fault of tartfleet.",
  },
  {
    class: "LIST_RACED",
    commands: ["list"],
    codes: [1],
    text: /because there is no such file/,
    advice: "A VM was deleted while the host's VMs were listed.",
  },
  {
    class: "LIST_BLOCKED",
    commands: ["list", "get"],
    codes: [1],
    text: /image info[^]*Resource temporarily unavailable/,
    advice: "This tart cannot list VMs while one with an ASIF disk runs. Update tart to 2.39.0 or later.",
  },
  {
    class: "KEYCHAIN",
    text: /-25308|User interaction is not allowed/,
    advice:
      "The login keychain of the agent's user is locked. Let the user log in automatically, or unlock it.",
  },
  {
    class: "KEYCHAIN",
    commands: FETCHING,
    where: "all",
    text: /-25308[^]*(AuthFailed|code: 40[13])/,
    advice:
      "The registry's credentials are in a locked keychain. Unlock it, or give them by TART_REGISTRY_USERNAME and TART_REGISTRY_PASSWORD.",
  },
  {
    class: "SOFTNET",
    commands: ["run"],
    codes: [1],
    text: /softnet/i,
    advice:
      "softnet is missing or may not run as root. Install it and give it the SUID bit or a sudo rule (needed again after each update).",
  },
  {
    class: "CONTROL_SOCKET_DEAD",
    commands: ["run"],
    codes: [1],
    text: /^(Error: )?bind\(descriptor/m,
    advice:
      "A control.sock of an earlier run was in the way. tart 2.36.0 gives up then: use another release.",
  },
  {
    class: "START_FAILED",
    commands: ["run"],
    codes: [1],
    text: /VZErrorDomain[^]*Code=1\b/,
    advice:
      "macOS could not start the VM. Most often the agent's user has no GUI session or its login keychain is locked.",
  },
  {
    class: "START_FAILED",
    commands: ["run"],
    codes: [1],
    text: /VZErrorDomain/,
    advice: "macOS refused the VM's configuration or its disk.",
  },
  {
    class: "NO_IP",
    commands: ["ip"],
    codes: [1],
    text: /^no IP address found/m,
    advice:
      "The guest has no address yet. If it stays so, the host's DHCP leases may be used up (a lease time of 600 s cures that).",
  },
  {
    class: "EXEC_NOT_FOUND",
    commands: ["exec"],
    codes: [1],
    text: /^Error: unknown \(2\)/m,
    advice: "The guest has no /bin/bash at that place.",
  },
  {
    class: "AGENT_UNREACHABLE",
    commands: ["exec"],
    codes: [1],
    text: /control socket|GRPC/,
    advice: "The guest agent does not answer.",
  },
  {
    class: "EXEC_TRANSPORT",
    commands: ["exec"],
    codes: [1],
    text: /StreamClosed|HTTP2ErrorCode|^Error: (internal error \(13\)|unavailable \(14\))/m,
    advice: "The connection to the guest agent broke.",
  },
  {
    class: "HOST_TOO_OLD",
    text: /hardwareModel|host macOS version is outdated/,
    advice: "The image needs a newer macOS than the host has. Update the host, or ask for hosts by label.",
  },
  {
    class: "AUTH",
    text: /AuthFailed|code: 40[13]/,
    advice:
      "The registry refuses the host's credentials, or the image is private or does not exist. Check TART_REGISTRY_*, docker's config and `tart login` (a stale login breaks public images too).",
  },
  {
    class: "NO_IMAGE",
    text: /code: 404/,
    advice: "The registry has no such image or tag. Check the reference.",
  },
  {
    class: "BAD_IMAGE",
    commands: FETCHING,
    text: /ShouldBe(Exactly|AtLeast)OneLayer|legacy disk media type|failed to parse remote name|failed to decompress disk|DecodingError|dataCorrupted|keyNotFound/,
    advice: "The image is not one that this tart can use. Push it anew with a current tart.",
  },
  {
    class: "NET",
    text: /network connection|timed out|offline|hostname could not be found|Could not connect|certificate for this server|SSL error|code: (408|429|5\d\d)/i,
    advice:
      "The registry cannot be reached from the host, or its certificate is not trusted there. `offline` can also mean that macOS denies the agent the local network.",
  },
  {
    class: "RESOURCES",
    commands: ["set"],
    text: /LessThanMinimalResourcesError|should be larger than the current disk size/,
    advice: "The image needs more cpu, memory or disk than was asked for.",
  },
  {
    class: "NOT_CACHED",
    commands: ["fqn"],
    text: /is not a digest and doesn't point to a digest/,
    advice: "The image is not on the host.",
  },
] as const satisfies readonly FailureRule[];

/** Outcomes that no text tells: they are this side's own observations. */
export const OWN_FAILURES = {
  TIMED_OUT:
    "tart did not answer within its time limit. The host may be overloaded, or another tart command hangs.",
  STALLED: "The pull made no progress for too long. Check the registry and the host's network.",
  CANCELLED: "It was no longer wanted.",
  NO_SESSION:
    "The agent's user has no session at the screen, where VMs' launchd jobs live. Log that user in there, by auto-login.",
  NOT_LAUNCHED:
    "launchd did not start the VM's process; see the output. `launchctl print gui/UID/dev.tartfleet.vm.NAME` tells more; the agent's --vm-processes child does without launchd.",
  NOT_INSTALLED: "There is no tart on the host. Install it, or give the agent its path.",
  UNREADABLE:
    "tart answered something that this agent does not understand. Its release may be too new or too old.",
  KILLED: "Something killed the command.",
  UNKNOWN: "See the output.",
} as const;

export type TartFailureClass = (typeof FAILURE_RULES)[number]["class"] | keyof typeof OWN_FAILURES;

/** What is known of a command that did not do what it was asked to. */
export interface FailureEvidence {
  command: string;
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** The class of a failed command and what a person should do about it. Never throws. */
export function classify(evidence: FailureEvidence): { class: TartFailureClass; advice: string } {
  const rule = FAILURE_RULES.find((rule) => fits(rule, evidence));
  if (rule) return { class: rule.class, advice: rule.advice };
  const own = evidence.signal === null ? "UNKNOWN" : "KILLED";
  return { class: own, advice: OWN_FAILURES[own] };
}

function fits(rule: FailureRule, { command, exitCode, signal, stdout, stderr }: FailureEvidence): boolean {
  if (rule.commands && !rule.commands.includes(command)) return false;
  if (rule.signals && !(signal !== null && rule.signals.includes(signal))) return false;
  if (rule.codes && exitCode !== null && !rule.codes.includes(exitCode)) return false;
  if (rule.codes && exitCode === null && (signal !== null || !rule.text)) return false;
  if (!rule.text) return true;
  return rule.text.test(rule.where === "all" ? `${stdout}\n${stderr}` : stderr);
}

/** The line in a run's log after which `exec` is dead until the next run (tart-contract §7). */
export const CONTROL_SOCKET_DEAD = /^Failed to run control socket:/m;
