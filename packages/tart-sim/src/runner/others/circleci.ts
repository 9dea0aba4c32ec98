import { readFileSync } from "node:fs";
import type { CiProgram } from "./programs.ts";

/** `circleci-runner machine`, machine runner 3 (ci-runners §2.7): a file of YAML, and variables that count before it. */
export const circleciRunner: CiProgram = {
  options: { "--config": "value", "-c": "value" },
  prefixes: ["CIRCLECI_RUNNER_"],
  variables: {},
  required: [],
  objection: (value) => complaintAbout(settingsIn(value("--config"))),
  endsAfterJob: ({ values }) =>
    settingsIn(values.get("--config") ?? values.get("-c")).get("runner.mode") === "single-task",
  reflectsJob: () => false,
};

const VARIABLES: Readonly<Record<string, string>> = {
  "api.auth_token": "CIRCLECI_RUNNER_API_AUTH_TOKEN",
  "api.url": "CIRCLECI_RUNNER_API_URL",
  "runner.name": "CIRCLECI_RUNNER_NAME",
  "runner.mode": "CIRCLECI_RUNNER_MODE",
  "runner.working_directory": "CIRCLECI_RUNNER_WORK_DIR",
  "runner.cleanup_working_directory": "CIRCLECI_RUNNER_CLEANUP_WORK_DIR",
  "runner.idle_timeout": "CIRCLECI_RUNNER_IDLE_TIMEOUT",
  "runner.max_run_time": "CIRCLECI_RUNNER_MAX_RUN_TIME",
};

/** Of YAML it understands what is JSON. */
function settingsIn(file: string | undefined): Map<string, string> {
  const sections: Record<string, Record<string, unknown>> = file === undefined
    ? {}
    : JSON.parse(readFileSync(file, "utf8"));
  const settings = new Map<string, string>();
  for (const [section, entries] of Object.entries(sections))
    for (const [key, value] of Object.entries(entries))
      settings.set(`${section}.${key}`, typeof value === "string" ? value : JSON.stringify(value));
  for (const [setting, variable] of Object.entries(VARIABLES)) {
    const value = process.env[variable];
    if (value !== undefined && value !== "") settings.set(setting, value);
  }
  return settings;
}

function complaintAbout(settings: ReadonlyMap<string, string>): string | undefined {
  const unknown = [...settings.keys()].filter((key) => !(key in VARIABLES));
  if (unknown.length > 0) return `unknown settings: ${unknown.join(", ")}`;
  if (!settings.has("api.auth_token")) return "missing: api.auth_token";
  // Of other characters the service takes these alone (machine runner 3 configuration reference, runner.name).
  if (!/^[A-Za-z0-9.()_-]+$/.test(settings.get("runner.name") ?? "")) return "runner.name is missing or bad";
  const idle = settings.get("runner.idle_timeout") ?? "1h";
  if (!/^(\d+[hms])+$/.test(idle)) return `runner.idle_timeout: ${idle} is no duration`;
  const mode = settings.get("runner.mode") ?? "continuous";
  return mode === "continuous" || mode === "single-task" ? undefined : `runner.mode: ${mode}`;
}
