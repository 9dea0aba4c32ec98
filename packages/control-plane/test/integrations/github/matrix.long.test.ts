import type { SimJob } from "@tartfleet/ci-sim/github";
import { afterEach, describe, expect, test } from "vitest";
import { startGithubWorld, type Course, type GithubWorld } from "../../support/world/github.ts";
import { expectNothingLeft } from "../../support/world/nothing-left.ts";

/*
 * Every way in which the life of a job can be disturbed, in both modes, for a job of a second and one of half an hour
 * that are disturbed alike.
 */

const MINUTE = 60_000;
const SECONDS: Record<string, number> = { short: 1, long: 1800 };
const lengthOf = ({ name }: SimJob) => (SECONDS[name] ?? 0) * 1000;

type Mode = "scale-set" | "webhook";

interface Way {
  how: string;
  macs?: number;
  /** How the runners go about their jobs. */
  course?: Course;
  /** From before the jobs are queued. */
  prepare?(world: GithubWorld): Promise<void> | void;
  /** From when they are queued. */
  play?(world: GithubWorld, jobs: SimJob[]): Promise<void>;
  became: SimJob["conclusion"];
  /** Why the VMs that were asked for ended, in the order in which they were asked for. */
  ends: string[] | Record<Mode, string[]>;
}

const all = (world: GithubWorld, state: string) =>
  world.live().length === 2 && world.live().every((vm) => vm.state === state);
const toBoot = (world: GithubWorld) => world.time.until("both boot", () => all(world, "booting"));
const toRun = (world: GithubWorld, jobs: SimJob[]) =>
  world.time.until("both jobs run", () => jobs.every(({ status }) => status === "in_progress"));

/** Pulls the plug of the Macs that have VMs, for so long. */
async function fellMacs(world: GithubWorld, ms: number): Promise<void> {
  const macs = new Set(world.live().map(world.macOf));
  for (const mac of macs) mac?.off();
  await world.time.pass(ms);
  for (const mac of macs) mac?.on();
}

/** The control plane is away for so long. */
async function fellPlane(world: GithubWorld, ms: number): Promise<void> {
  world.plane.stop();
  await world.time.pass(ms);
  await world.plane.start();
}

/** GitHub's API does not answer for an hour. */
async function fellGithub({ github, time }: GithubWorld): Promise<void> {
  github.down(true);
  await time.pass(60 * MINUTE);
  github.down(false);
}

const WAYS: Way[] = [
  { how: "undisturbed", became: "success", ends: ["runner_exited", "runner_exited"] },
  {
    how: "cancelled before they have a place",
    async prepare({ macs, time }) {
      macs.forEach((mac) => mac.off());
      await time.pass(2 * MINUTE);
    },
    async play(world, jobs) {
      await world.time.pass(MINUTE);
      jobs.forEach(world.cancel);
      await world.time.until("no VM waits", () => world.live().length === 0);
      world.macs.forEach((mac) => mac.on());
    },
    became: "cancelled",
    // A scale set without room takes on one job, which shows that there is none.
    ends: { "scale-set": ["not_needed"], webhook: ["not_needed", "not_needed"] },
  },
  {
    how: "cancelled while their VMs boot",
    async play(world, jobs) {
      await toBoot(world);
      jobs.forEach(world.cancel);
    },
    became: "cancelled",
    ends: ["not_needed", "not_needed"],
  },
  {
    how: "cancelled while they run",
    async play(world, jobs) {
      await toRun(world, jobs);
      jobs.forEach(world.cancel);
    },
    became: "cancelled",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the hook never fires",
    course: { hook: false },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the runner hangs after its hook",
    course: { exit: false },
    became: "success",
    ends: ["job_over", "job_over"],
  },
  {
    how: "neither hook nor exit",
    course: { hook: false, exit: false },
    became: "success",
    ends: ["job_over", "job_over"],
  },
  {
    how: "the guest dies before its job",
    macs: 2,
    prepare: ({ macs }) => macs.forEach((mac) => mac.bootInVain(1)),
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the guest of every attempt dies before its job",
    macs: 2,
    prepare: ({ macs }) => macs.forEach((mac) => mac.bootInVain(3)),
    became: "success",
    // Six attempts die: three of the one VM, which is replaced, and all but the last of the others.
    ends: ["start_failed", "runner_exited", "runner_exited"],
  },
  {
    how: "the guest dies with its job",
    async play(world, jobs) {
      await toRun(world, jobs);
      for (const job of jobs) world.guestOf(job)?.end("guest_crashed");
    },
    became: "failure",
    ends: ["guest_crashed", "guest_crashed"],
  },
  {
    how: "the guest dies between its hook and its result",
    async play(world, jobs) {
      await toRun(world, jobs);
      const begun = world.time.now();
      for (const job of jobs) {
        await world.time.pass(begun + lengthOf(job) + 1000 - world.time.now());
        expect(world.live()[0]?.state).toBe("draining");
        world.guestOf(job)?.end("guest_crashed");
      }
    },
    became: "failure",
    ends: ["guest_crashed", "guest_crashed"],
  },
  {
    how: "the host dies before its jobs",
    macs: 2,
    async play(world) {
      await toBoot(world);
      await fellMacs(world, 20 * MINUTE);
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the host dies with its jobs",
    async play(world, jobs) {
      await toRun(world, jobs);
      await fellMacs(world, 20 * MINUTE);
    },
    became: "failure",
    ends: ["job_over", "job_over"],
  },
  {
    how: "the control plane restarts before the jobs",
    async play(world) {
      await toBoot(world);
      await world.restart();
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the control plane restarts while they run",
    async play(world, jobs) {
      await toRun(world, jobs);
      await world.restart();
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "the control plane is away from their start until after their end",
    async play(world, jobs) {
      await toRun(world, jobs);
      await fellPlane(world, 45 * MINUTE);
    },
    became: "success",
    // Their guests shut themselves down when nobody had heard them for minutes.
    ends: ["guest_shutdown", "guest_shutdown"],
  },
  {
    how: "GitHub is away before the runners have credentials",
    async play(world) {
      await toBoot(world);
      await fellGithub(world);
    },
    became: "success",
    // No VM after VM is booted in vain.
    ends: ["start_failed", "start_failed", "runner_exited", "runner_exited"],
  },
  {
    how: "GitHub is away while they run",
    async play(world, jobs) {
      await toRun(world, jobs);
      await fellGithub(world);
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "all tokens end before their time, twice",
    async play(world, jobs) {
      await toBoot(world);
      world.expireTokens();
      await toRun(world, jobs);
      world.expireTokens();
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
  {
    how: "all that is told comes three times and in a wrong order",
    async play(world, jobs) {
      await world.repeat();
      await toRun(world, jobs);
      await world.repeat();
      await world.time.until("one is done", () => jobs.some(({ status }) => status === "completed"));
      await world.repeat();
    },
    became: "success",
    ends: ["runner_exited", "runner_exited"],
  },
];

let world: GithubWorld;
afterEach(() => world.close());

describe.each<Mode>(["scale-set", "webhook"])("told by %s", (mode) => {
  test.each(WAYS)("$how: $became", async ({ macs, course, prepare, play, became, ends }) => {
    const courses = Object.fromEntries(
      Object.entries(SECONDS).map(([name, seconds]) => [name, { ...course, seconds }]),
    );
    world = await startGithubWorld({ mode, courses, ...(macs ? { macs } : {}) });
    await prepare?.(world);
    const jobs = Object.keys(courses).map((name) => world.job(name));
    await play?.(world, jobs);
    await expectNothingLeft(world);
    expect(jobs.map(({ conclusion }) => conclusion)).toEqual([became, became]);
    expect(world.vms().map(({ end }) => end?.reason)).toEqual(Array.isArray(ends) ? ends : ends[mode]);
  });
});
