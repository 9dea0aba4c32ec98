import type { RUN_END_CAUSES } from "@tartfleet/shared";
import { failureOf } from "./command.ts";
import { redact, type TartConfig } from "./config.ts";
import { CONTROL_SOCKET_DEAD, type TartFailureClass } from "./failure-classes.ts";
import { lastLines, readTail } from "./tail.ts";
import type { RunEnd, RunExit } from "./tart.ts";

const LOG_TAIL = 8192;
const READ_BYTES = 65_536;

type Cause = (typeof RUN_END_CAUSES)[number];

/** Ends that are not failures of `tart run`; every other class is one. */
const CAUSES: Partial<Record<TartFailureClass, Cause>> = {
  GUEST_OFF: "guest_shutdown",
  GUEST_CRASH: "guest_crashed",
  NETWORK_LOST: "network_lost",
  STOPPED: "stopped",
  KILLED: "killed",
};

/**
 * How a run ended (tart-contract §2.6). The exit code is 0 for a guest that crashed too, and of an adopted child nobody
 * remembers it: the log decides.
 */
export async function readRunEnd(
  config: TartConfig,
  logPath: string,
  { exitCode, signal }: RunExit = { exitCode: null, signal: null },
): Promise<RunEnd> {
  const log = await readTail(logPath, READ_BYTES);
  const failure = failureOf(config, { command: "run", exitCode, signal, stdout: "", stderr: log });
  const logTail = lastLines(redact(config, log), LOG_TAIL);
  const cause = CAUSES[failure.class];
  if (cause) return { cause, logTail, failure: null };
  // Nothing said and nothing known: an adopted run that was killed leaves no trace, a clean exit no reason.
  const unexplained = failure.class === "UNKNOWN" && (exitCode === null || exitCode === 0);
  return { cause: "unknown", logTail, failure: unexplained ? null : failure };
}

/** Whether the log says that `exec` is dead until the next run. */
export async function readExecIsDead(logPath: string): Promise<boolean> {
  return CONTROL_SOCKET_DEAD.test(await readTail(logPath, READ_BYTES));
}
