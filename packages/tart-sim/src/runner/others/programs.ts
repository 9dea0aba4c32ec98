import { readFileSync } from "node:fs";
import { hasEndpoint, serveAgentApi } from "./buildkite-agent.ts";
import { circleciRunner } from "./circleci.ts";
import { hasController, serveController } from "./jenkins-agent.ts";
import type { OptionTable, ParsedOptions } from "../strict-options.ts";

/** A CI system's program, as far as a start script can tell. */
export interface CiProgram {
  options: OptionTable;
  /** Which variables belong to it. */
  prefixes: readonly string[];
  /** Variables that stand for an option. */
  variables: Readonly<Record<string, string>>;
  /** Options without which the program does not start. */
  required: readonly string[];
  /** Options of which at most one may be given. */
  excludes?: readonly (readonly string[])[];
  /** Checks beyond the table; the answer is a complaint. */
  objection?: (value: (option: string) => string | undefined) => string | undefined;
  /** Where there is a CI system for it to reach, takes its jobs from there until it exits; its exit code. */
  serve?: { isThere: (given: ParsedOptions) => boolean; run: (given: ParsedOptions) => Promise<number> };
  /** True when it would end after one job rather than wait for the next. */
  endsAfterJob: (given: ParsedOptions) => boolean;
  /** Whether its exit code is the job's. */
  reflectsJob: (given: ParsedOptions) => boolean;
}

/** `gitlab-runner run-single` (ci-runners §2.3). */
const gitlabRunner: CiProgram = {
  options: {
    "--url": "value",
    "-u": "value",
    "--token": "value",
    "-t": "value",
    "--name": "value",
    "--executor": "value",
    "--shell": "value",
    "--builds-dir": "value",
    "--cache-dir": "value",
    "--env": "value",
    "--limit": "value",
    "--request-concurrency": "value",
    "--output-limit": "value",
    "--tls-ca-file": "value",
    "--clone-url": "value",
    "--max-builds": "value",
    "--wait-timeout": "value",
    "--shutdown-timeout": "value",
    "--config": "value",
    "-c": "value",
    "--log-level": "value",
    "--debug": "flag",
  },
  prefixes: ["CI_SERVER_", "RUNNER_"],
  variables: {
    "--url": "CI_SERVER_URL",
    "--token": "CI_SERVER_TOKEN",
    "--executor": "RUNNER_EXECUTOR",
    "--name": "RUNNER_NAME",
    "--builds-dir": "RUNNER_BUILDS_DIR",
  },
  required: ["--url", "--token", "--executor"],
  objection: (value) =>
    value("--executor") === "shell"
      ? undefined
      : `this image has only the shell executor, not ${value("--executor")}`,
  endsAfterJob: ({ values }) => values.get("--max-builds") === "1",
  reflectsJob: () => false,
};

/** `buildkite-agent start` (ci-runners §2.4). */
const buildkiteAgent: CiProgram = {
  options: {
    "--token": "value",
    "--name": "value",
    "--queue": "value",
    "--tags": "value",
    "--priority": "value",
    "--acquire-job": "value",
    "--disconnect-after-job": "flag",
    "--disconnect-after-idle-timeout": "value",
    "--disconnect-after-uptime": "value",
    "--reflect-exit-status": "flag",
    "--build-path": "value",
    "--hooks-path": "value",
    "--plugins-path": "value",
    "--config": "value",
    "--endpoint": "value",
    "--shell": "value",
    "--spawn": "value",
    "--cancel-grace-period": "value",
    "--log-format": "value",
    "--log-level": "value",
    "--no-color": "flag",
    "--debug": "flag",
    "--no-http2": "flag",
  },
  prefixes: ["BUILDKITE_"],
  variables: {
    "--token": "BUILDKITE_AGENT_TOKEN",
    "--name": "BUILDKITE_AGENT_NAME",
    "--acquire-job": "BUILDKITE_AGENT_ACQUIRE_JOB",
    "--tags": "BUILDKITE_AGENT_TAGS",
    "--queue": "BUILDKITE_AGENT_QUEUE",
    "--disconnect-after-job": "BUILDKITE_AGENT_DISCONNECT_AFTER_JOB",
    "--reflect-exit-status": "BUILDKITE_AGENT_REFLECT_EXIT_STATUS",
    "--hooks-path": "BUILDKITE_HOOKS_PATH",
    "--build-path": "BUILDKITE_BUILD_PATH",
  },
  required: ["--token"],
  serve: { isThere: hasEndpoint, run: serveAgentApi },
  endsAfterJob: ({ flags, values }) => flags.has("--disconnect-after-job") || values.has("--acquire-job"),
  reflectsJob: ({ flags }) => flags.has("--reflect-exit-status"),
};

/** `java -jar agent.jar` of Jenkins (ci-runners §2.5). */
const jenkinsAgent: CiProgram = {
  options: {
    "-url": "value",
    "-secret": "value",
    "-name": "value",
    "-webSocket": "flag",
    "-noReconnect": "flag",
    "-noReconnectAfter": "value",
    "-headless": "flag",
    "-workDir": "value",
    "-internalDir": "value",
    "-jar-cache": "value",
    "-tunnel": "value",
    "-credentials": "value",
    "-noCertificateCheck": "flag",
  },
  prefixes: ["JENKINS_"],
  variables: {},
  required: ["-url", "-secret", "-name"],
  objection: (value) => {
    const limit = value("-noReconnectAfter");
    if (limit !== undefined && !/^\d+s$/.test(limit)) return `'${limit}' is not a valid simple duration`;
    const secret = value("-secret") ?? "";
    if (!secret.startsWith("@")) return undefined;
    try {
      return readFileSync(secret.slice(1), "utf8").trim() === "" ? `${secret.slice(1)} is empty` : undefined;
    } catch (error) {
      return String(error);
    }
  },
  excludes: [["-noReconnect", "-noReconnectAfter"]],
  serve: { isThere: hasController, run: serveController },
  endsAfterJob: ({ flags, values }) => flags.has("-noReconnect") || values.has("-noReconnectAfter"),
  reflectsJob: () => false,
};

export const programs: Readonly<Record<string, CiProgram>> = {
  "gitlab-runner run-single": gitlabRunner,
  "buildkite-agent start": buildkiteAgent,
  "java -jar": jenkinsAgent,
  "circleci-runner machine": circleciRunner,
};
