/** A file in ~/.tartfleet; its content may be secret and reaches the guest by stdin only. */
export interface GuestFile {
  name: string;
  /** Octal, as chmod takes it. */
  mode: "0400" | "0500" | "0600" | "0700" | "0755";
  content: string;
}

/** The runner's one secret; start lines read it once and remove it where the runner allows. */
export const SECRET_FILE = "runner-secret";

/**
 * How one kind of runner is set up. The parts are bash lines; `$dir` is ~/.tartfleet, `$home` the user's home.
 */
export interface RunnerPlan {
  files: readonly GuestFile[];
  /** Calls `missing "<what to bake into the image>"` when the image lacks the runner; has `have <program>`. */
  check: string;
  /** Done before every start of the supervisor, so it must bear repetition. */
  prepare: string;
  /** What supervise.sh runs; its exit code is the runner's. Holds no secret. */
  start: string;
}

/** Start lines that take the secret out of its file into an environment variable. */
export function secretFromFile(variable: string): string {
  return `${variable}=$(cat "$dir/${SECRET_FILE}") && rm -f "$dir/${SECRET_FILE}"\nexport ${variable}\n`;
}

/** A single-line secret as a file; shared schemas keep it free of spaces and control characters. */
export function secretFile(content: string): GuestFile {
  return { name: SECRET_FILE, mode: "0400", content };
}

const NAME_LIMIT = 64;

/**
 * The name under which a runner registers: never used twice, because CI systems remember names
 * (ci-runners §2.2). GitHub takes 64 characters.
 */
export function registrationName(vmName: string, vmId: string): string {
  if (vmName.includes(vmId)) return vmName;
  return `${vmName.slice(0, NAME_LIMIT - vmId.length - 1).replace(/-+$/, "")}-${vmId}`;
}
