import type { RunExit } from "../tart/tart.ts";

/** What launchd knows of a job. */
export interface Job {
  /** Its file. */
  path: string;
  /** Of its process; undefined when there is none. */
  pid: number | undefined;
  /** How its process ended last; undefined when none ever did. */
  exit: RunExit | undefined;
}

/**
 * `launchctl print DOMAIN/LABEL`. Lines of its own begin with one tab; deeper ones speak of something else. A signal
 * takes the place of the exit code, some codes are followed by their name ("78: EX_CONFIG").
 */
export function parseJob(text: string): Job {
  const value = (name: string) => new RegExp(`^\\t${name} = (.*)$`, "m").exec(text)?.[1];
  const pid = value("pid");
  return {
    path: value("path") ?? "",
    pid: pid === undefined ? undefined : Number(pid),
    exit: exitOf(value("last terminating signal"), value("last exit code")),
  };
}

function exitOf(signal: string | undefined, code: string | undefined): RunExit | undefined {
  const number = /(\d+)$/.exec(signal ?? "")?.[1];
  if (number !== undefined) return { exitCode: null, signal: SIGNALS[Number(number)] ?? `signal ${number}` };
  const exitCode = /^\d+/.exec(code ?? "")?.[0];
  return exitCode === undefined ? undefined : { exitCode: Number(exitCode), signal: null };
}

/** Labels of the jobs in `launchctl print DOMAIN`: a process id, a status, the label. */
export function parseLabels(text: string): string[] {
  const [, services = ""] = /^\tservices = \{\n([^]*?)^\t\}/m.exec(text) ?? [];
  return services.split("\n").flatMap((line) => /^\t\t\s*\d+\s+\S+\s+(\S+)$/.exec(line)?.[1] ?? []);
}

/** As macOS numbers them (signal(3)). */
const SIGNALS: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGBUS",
  11: "SIGSEGV",
  12: "SIGSYS",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  30: "SIGUSR1",
  31: "SIGUSR2",
};
