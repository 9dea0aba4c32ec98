import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveSimGitHub, type ServedGitHub, type SimJob } from "@tartfleet/ci-sim/github";
import { startFleet, type Fleet } from "../fleet/fleet.ts";
import { unlessAborted } from "../fleet/unless-aborted.ts";
import { until } from "../fleet/until.ts";
import type { Display } from "./display.ts";
import { planJobs } from "./jobs.ts";
import type { DemoOptions } from "./options.ts";
import type { ScenarioDocument } from "./run-scenario.ts";
import { IMAGES, stockedMac, type Claim } from "./scenarios/scenario.ts";

const JOBS = 20;
const RUNNER = "macos";
const SPEED = 20;
/** Between two jobs' arrivals, so that they come in waves as they do. */
const ARRIVAL_MS = 400;

/**
 * Twenty jobs are queued at a stand-in for GitHub; the fleet hears of them by itself, and each becomes a runner in a
 * VM of its own. Ends everything that it started, however it goes.
 */
export async function runGithub(
  { seed, engine, hosts }: Pick<DemoOptions, "seed" | "engine" | "hosts">,
  display: Display,
  signal: AbortSignal,
): Promise<ScenarioDocument> {
  await using served = await serveSimGitHub();
  const dir = await mkdtemp(join(tmpdir(), "tf-github-"));
  try {
    display.say(`GitHub          ${served.url}; a stand-in, which has the jobs and waits for their results`);
    const fleet = await startFleet({
      hosts,
      speed: SPEED,
      seed,
      ...(engine === undefined ? {} : { engine }),
      sim: () => stockedMac,
      controlPlane: { "exit-settle-seconds": 1, "github-config": await writeConfig(dir, served, hosts * 2) },
      say: display.say,
      signal,
    });
    try {
      const claims = await unlessAborted(play(fleet, served, seed, display), signal);
      const leftovers = await fleet.stop();
      display.say("");
      for (const { what, holds } of claims) display.say(`${holds ? "✓" : "✗"} ${what}`);
      for (const { kind, what } of leftovers) display.say(`✗ Left over: ${kind} ${what}.`);
      const ok = claims.every(({ holds }) => holds) && leftovers.length === 0;
      return { ok, scenario: "github", claims, leftovers };
    } finally {
      await fleet.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function writeConfig(dir: string, { url, github }: ServedGitHub, slots: number): Promise<string> {
  const privateKeyFile = join(dir, "app.pem");
  await writeFile(privateKeyFile, github.privateKey, { mode: 0o600 });
  const path = join(dir, "github.json");
  const { appId: id, installationId } = github;
  const runner = { name: RUNNER, scope: { organization: "acme" }, image: IMAGES[0], max: slots };
  await writeFile(
    path,
    JSON.stringify({ url, app: { id, installationId, privateKeyFile }, runners: [runner] }),
  );
  return path;
}

async function play(
  fleet: Fleet,
  { github, queue }: ServedGitHub,
  seed: string,
  display: Display,
): Promise<Claim[]> {
  const startedAt = Date.now();
  const tell = (what: string): void =>
    display.say(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${what}`);
  github.jobs.onChange((job, change) => tell(`${job.name.padEnd(10)} ${WORDS[change](job)}`));
  display.say(`\n${JOBS} jobs with \`runs-on: ${RUNNER}\` arrive at GitHub. Nobody tells the fleet.\n`);
  for (const { jobId, seconds, fails } of planJobs(JOBS, seed)) {
    queue({ name: jobId, labels: [RUNNER], seconds, exitCode: fails ? 1 : 0, flushSeconds: 1 });
    await new Promise((done) => setTimeout(done, ARRIVAL_MS));
  }
  await until("all jobs to be over", () => github.jobs.all.every(({ status }) => status === "completed"), {
    deadlineMs: 180_000,
  });
  const vms = await until("all VMs to be gone", async () => {
    const all = await fleet.api.listVms({ limit: "100" });
    return all.every(({ endedAt }) => endedAt !== null) ? all : undefined;
  });
  const expected = planJobs(JOBS, seed).map(({ fails }) => (fails ? "failure" : "success"));
  return [
    {
      what: `All ${JOBS} results arrived at GitHub, those of jobs that fail among them.`,
      holds: github.jobs.all.every(({ conclusion }, index) => conclusion === expected[index]),
    },
    { what: "No job ran twice.", holds: github.jobs.all.every(({ starts }) => starts === 1) },
    {
      what: "Each VM with a job ended because its runner had exited, none because it was killed.",
      holds: vms
        .filter(({ job }) => job.state !== "none")
        .every(({ end }) => end?.reason === "runner_exited"),
    },
    { what: "GitHub lists no runner any more.", holds: github.runners.all().length === 0 },
  ];
}

const WORDS = {
  queued: () => "queued at GitHub",
  in_progress: ({ runner }: SimJob) => `runs on ${runner?.name}`,
  completed: ({ conclusion }: SimJob) => `is over: ${conclusion}`,
} as const;
