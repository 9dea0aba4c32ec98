/**
 * What the stand-ins of GitHub and of its runner say to each other. Only the order of things and
 * the files in a JIT configuration are GitHub's (ci-runners §2.1); the messages are our own.
 */

/** What a runner is told to do. */
export interface JobMessage {
  id: string;
  name: string;
  repository: string;
  runId: string;
  runAttempt: string;
  env: Record<string, string>;
  /** Each is run by `bash -e`; a failed one skips the rest. */
  steps: { name: string; script: string }[];
  /** False: set-up fails, so that neither steps nor the completed hook run (ci-runners §2.1). */
  setUpSucceeds: boolean;
  /** Between the completed hook and the moment GitHub learns the result. */
  flushSeconds: number;
  /** How often the runner renews its lock on the job. */
  renewSeconds: number;
}

export type Conclusion = "success" | "failure";

/** What a runner reports while the job runs; the order is what tests look at. */
export type RunnerEvent =
  | { kind: "hook"; hook: "started" | "completed"; exitCode: number; output: string }
  | { kind: "step"; name: string; exitCode: number; output: string }
  | { kind: "set_up_failed" }
  | { kind: "orphans_killed"; count: number }
  | { kind: "flushed" };

/** The files of a JIT configuration, by name; each value is base64 of the file. */
export type RunnerFiles = Record<string, string>;

export interface RunnerSettings {
  agentName: string;
  serverUrl: string;
  ephemeral: boolean;
}

export interface RunnerCredentials {
  scheme: "OAuth";
  data: { token: string };
}

export interface RegistrationRequest {
  token: string;
  name: string;
  labels: string[];
}

export const registrationPath = "/_fake/runners";
export const nextJobPath = "/_fake/job";
export const jobPath = (id: string, what: "events" | "lock" | "result"): string =>
  `/_fake/jobs/${id}/${what}`;
