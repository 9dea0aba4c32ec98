import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../doctor/ask.ts";
import type { Said } from "../doctor/said.ts";
import { parseJob, parseLabels, type Job } from "./parse.ts";

/** For one answer of launchctl's. */
const ASK_MS = 10_000;
const POLL_MS = 100;
/** For a job that was booted out to be gone, in polls. */
const BOOT_OUT_POLLS = 100;

/** launchctl's own exit codes. */
const NO_DOMAIN = 112;
const NO_SERVICE = 113;
const UNSUPPORTED = 125;
const NO_PROCESS = 3;
const IN_PROGRESS = 36;
const ALREADY = 37;

/** launchctl did not do what it was asked to. */
export class LaunchctlError extends Error {
  /** Whether it is for want of the user's session at the screen. */
  readonly isWithoutSession: boolean;
  constructor(verb: string, said: Said) {
    const text =
      said.kind === "exited" ? `${said.stderr}${said.stdout}`.trim() || `exit code ${said.code}` : said.kind;
    super(`launchctl ${verb}: ${text}`);
    const code = said.kind === "exited" ? said.code : null;
    this.isWithoutSession = code === NO_DOMAIN || code === UNSUPPORTED;
  }
}

/** The jobs of one user's session at the screen. All but `hasSession` throw LaunchctlError. */
export interface Launchctl {
  hasSession(): Promise<boolean>;
  /** Labels of all jobs. */
  labels(): Promise<string[]>;
  /** Undefined when no such job is loaded. */
  job(label: string): Promise<Job | undefined>;
  /** Loads a job's file and starts the job; its process id. */
  start(label: string, path: string): Promise<number>;
  /** Ends a job and forgets it; nothing to do when it is not loaded. */
  bootOut(label: string): Promise<void>;
}

/** @param env the whole environment of launchctl */
export function makeLaunchctl(uid: number, env: Readonly<Record<string, string>>): Launchctl {
  const domain = `gui/${uid}`;
  const call = (...args: [string, ...string[]]) =>
    ask("launchctl", args, { env, timeoutMs: ASK_MS, signal: new AbortController().signal });
  const isCode = (said: Said, ...codes: number[]) =>
    said.kind === "exited" && said.code !== null && codes.includes(said.code);

  const printed = async (target: string): Promise<string | undefined> => {
    const said = await call("print", target);
    if (said.kind === "exited" && said.code === 0) return said.stdout;
    if (isCode(said, NO_SERVICE)) return undefined;
    throw new LaunchctlError("print", said);
  };
  const job = async (label: string) => {
    const text = await printed(`${domain}/${label}`);
    return text === undefined ? undefined : parseJob(text);
  };

  return {
    job,
    async hasSession() {
      return isCode(await call("print", domain), 0);
    },
    labels: async () => parseLabels((await printed(domain)) ?? ""),
    async start(label, path) {
      const loaded = await call("bootstrap", domain, path);
      if (!isCode(loaded, 0)) throw new LaunchctlError("bootstrap", loaded);
      // Of what is loaded from outside the session launchd starts nothing by itself, but it does what it is told.
      const kicked = await call("kickstart", "-p", `${domain}/${label}`);
      if (!isCode(kicked, 0, ALREADY)) throw new LaunchctlError("kickstart", kicked);
      const pid = Number(/\d+/.exec(kicked.kind === "exited" ? kicked.stdout : "")?.[0] ?? 0);
      return pid > 0 ? pid : ((await job(label))?.pid ?? 0);
    },
    async bootOut(label) {
      const said = await call("bootout", `${domain}/${label}`);
      if (isCode(said, NO_PROCESS, NO_SERVICE, NO_DOMAIN)) return;
      if (!isCode(said, 0, IN_PROGRESS, ALREADY)) throw new LaunchctlError("bootout", said);
      // It comes back before the job is gone, and until then its label cannot be loaded again.
      for (let polls = 0; polls < BOOT_OUT_POLLS; polls += 1) {
        if ((await job(label)) === undefined) return;
        await sleep(POLL_MS);
      }
      throw new LaunchctlError("bootout", said);
    },
  };
}
