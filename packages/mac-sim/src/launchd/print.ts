import { constants } from "node:os";
import { argvOf } from "./job-file.ts";
import type { LastEnd, Service } from "./service.ts";

const DEFAULT_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

/** What `launchctl print` says of a job: the lines that people and programs read, in its order. */
export function printService(domain: string, service: Service, inherited: Record<string, string>): string {
  const { job, path, state, pid, runs } = service;
  const argv = argvOf(job);
  const uid = domain.split("/")[1];
  const properties = [
    ...(job.KeepAlive === true ? ["keepalive"] : []),
    ...(job.RunAtLoad ? ["runatload"] : []),
    ...(job.Program === undefined ? ["inferred program"] : []),
  ];
  const lines = [
    `${domain}/${job.Label} = {`,
    `\tactive count = ${pid === undefined ? 0 : 1}`,
    `\tpath = ${path}`,
    `\ttype = ${domain === "system" ? "LaunchDaemon" : "LaunchAgent"}`,
    `\tstate = ${state}`,
    "",
    `\tprogram = ${job.Program ?? argv[0]}`,
    ...block("arguments", argv),
    "",
    `\tworking directory = ${job.WorkingDirectory}`,
    "",
    `\tstdout path = ${job.StandardOutPath}`,
    `\tstderr path = ${job.StandardErrorPath}`,
    ...block("inherited environment", assignments(inherited)),
    "",
    ...block("default environment", [`PATH => ${DEFAULT_PATH}`]),
    "",
    ...block("environment", [...assignments(job.EnvironmentVariables), `XPC_SERVICE_NAME => ${job.Label}`]),
    "",
    `\tdomain = ${uid === undefined ? domain : `${domain} [${100_000 + Number(uid)}]`}`,
    `\tminimum runtime = ${job.ThrottleInterval}`,
    `\texit timeout = ${job.ExitTimeOut}`,
    `\truns = ${runs}`,
    ...(pid === undefined ? [] : [`\tpid = ${pid}`, "\timmediate reason = non-ipc demand", "\texecs = 1"]),
    `\t${lastEnd(service.lastEnd)}`,
    "",
    ...block("resource coalition", ["type = resource", "state = active", `name = ${job.Label}`]),
    "",
    `\tspawn type = ${job.ProcessType === "Interactive" ? "interactive (4)" : "daemon (3)"}`,
    `\tproperties = ${properties.join(" | ")}`,
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** What `launchctl print` says of a domain. */
export function printDomain(domain: string, services: ReadonlyMap<string, Service>): string {
  const rows = [...services].map(([label, { pid, lastEnd }]) => {
    const status = pid !== undefined || lastEnd.kind === "never" ? "-" : String(statusOf(lastEnd));
    return `\t\t${String(pid ?? 0).padStart(8)} ${status.padStart(6)} \t${label}`;
  });
  const active = [...services.values()].filter(({ pid }) => pid !== undefined).length;
  return `${[
    `${domain} = {`,
    `\ttype = ${domain === "system" ? "system" : domain.startsWith("gui/") ? "login" : "user"}`,
    `\tactive count = ${active}`,
    `\tservice count = ${services.size}`,
    `\tactive service count = ${active}`,
    "",
    "\tservices = {",
    ...rows,
    "\t}",
    "}",
  ].join("\n")}\n`;
}

/** What `launchctl list` says of the caller's domain. */
export function listServices(services: ReadonlyMap<string, Service>): string {
  const rows = [...services].map(
    ([label, { pid, lastEnd }]) =>
      `${pid ?? "-"}\t${lastEnd.kind === "never" ? 0 : statusOf(lastEnd)}\t${label}`,
  );
  return `${["PID\tStatus\tLabel", ...rows].join("\n")}\n`;
}

function block(name: string, lines: readonly string[]): string[] {
  return [`\t${name} = {`, ...lines.map((line) => `\t\t${line}`), "\t}"];
}

const assignments = (environment: Record<string, string>) =>
  Object.entries(environment).map(([name, value]) => `${name} => ${value}`);

/** A signal takes the exit code's line; codes of sysexits.h are named. */
function lastEnd(end: LastEnd): string {
  switch (end.kind) {
    case "never":
      return "last exit code = (never exited)";
    case "exit": {
      const name = SYSEXITS[end.code - 64];
      return `last exit code = ${end.code}${name === undefined ? "" : `: ${name}`}`;
    }
    case "signal": {
      const signal = darwinNumber(end.signal);
      return `last terminating signal = ${SIGNAL_TEXTS[end.signal] ?? "Unknown signal"}: ${signal}`;
    }
    default:
      return end satisfies never;
  }
}

const statusOf = (end: Exclude<LastEnd, { kind: "never" }>): number =>
  end.kind === "exit" ? end.code : -darwinNumber(end.signal);

/** sysexits.h from 64 on. */
const SYSEXITS = [
  "EX_USAGE",
  "EX_DATAERR",
  "EX_NOINPUT",
  "EX_NOUSER",
  "EX_NOHOST",
  "EX_UNAVAILABLE",
  "EX_SOFTWARE",
  "EX_OSERR",
  "EX_OSFILE",
  "EX_CANTCREAT",
  "EX_IOERR",
  "EX_TEMPFAIL",
  "EX_PROTOCOL",
  "EX_NOPERM",
  "EX_CONFIG",
];

/** macOS' strsignal(3). */
const SIGNAL_TEXTS: Record<string, string> = {
  SIGHUP: "Hangup",
  SIGINT: "Interrupt",
  SIGQUIT: "Quit",
  SIGILL: "Illegal instruction",
  SIGTRAP: "Trace/BPT trap",
  SIGABRT: "Abort trap",
  SIGFPE: "Floating point exception",
  SIGKILL: "Killed",
  SIGBUS: "Bus error",
  SIGSEGV: "Segmentation fault",
  SIGSYS: "Bad system call",
  SIGPIPE: "Broken pipe",
  SIGALRM: "Alarm clock",
  SIGTERM: "Terminated",
  SIGUSR1: "User defined signal 1",
  SIGUSR2: "User defined signal 2",
};

/** Where macOS counts otherwise than this system. */
const DARWIN_NUMBERS: Record<string, number> = { SIGBUS: 10, SIGSYS: 12, SIGUSR1: 30, SIGUSR2: 31 };

function darwinNumber(name: string): number {
  const here = Object.entries(constants.signals).find(([signal]) => signal === name)?.[1] ?? 0;
  return DARWIN_NUMBERS[name] ?? here;
}
