import type { Answer } from "../protocol.ts";
import { spokenDomain, type Target } from "./target.ts";

/** launchd's and the system's errors, as `launchctl error` names them. */
const ERRORS = {
  1: "Operation not permitted",
  3: "No such process",
  5: "Input/output error",
  36: "Operation now in progress",
  37: "Operation already in progress",
  125: "Domain does not support specified action",
} as const;

/** Ends a command line with an exit code and what launchctl prints. */
export class Failure extends Error {
  readonly answer: Answer;
  constructor(exitCode: number, stderr: string) {
    super(stderr);
    this.answer = { exitCode, stdout: "", stderr: `${stderr}\n` };
  }
}

/** "Bootstrap failed: 5: Input/output error" and its like. */
export const operationFailed = (operation: "Bootstrap" | "Boot-out", code: keyof typeof ERRORS): Failure =>
  new Failure(code, `${operation} failed: ${code}: ${ERRORS[code]}`);

export const noService = ({ domain, label }: Target): Failure =>
  new Failure(113, `Bad request.\nCould not find service "${label}" in domain for ${spokenDomain(domain)}`);

export const noDomain = (domain: string): Failure =>
  new Failure(112, `Bad request.\nCould not find domain for ${spokenDomain(domain)}`);

export const usage = (text: string): Failure => new Failure(64, `Usage: launchctl ${text}`);
