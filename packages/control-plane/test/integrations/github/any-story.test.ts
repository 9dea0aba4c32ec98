import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/world/github.ts";
import { expectNothingLeft } from "../../support/world/nothing-left.ts";

/* Jobs, cancellations, faults and messages in any order: what must hold whatever the story. */

/** Something that happens, so many seconds after the start; `index` says to which job, guest or Mac. */
interface Fault {
  at: number;
  what: keyof typeof FAULTS;
  index: number;
  forSeconds: number;
}

const FAULTS = {
  cancel(world: GithubWorld, { index }: Fault): void {
    const job = world.github.jobs.all[index];
    if (job) world.cancel(job);
  },
  crash: (world: GithubWorld, { index }: Fault): void => world.guests()[index]?.end("guest_crashed"),
  crashAtBoot: (world: GithubWorld, { index }: Fault): void => world.macs[index % 2]?.bootInVain(index + 1),
  async powerCut({ macs, time }: GithubWorld, { index, forSeconds }: Fault): Promise<void> {
    macs[index % 2]?.off();
    await time.sleep(forSeconds * 1000);
    macs[index % 2]?.on();
  },
  restart: (world: GithubWorld): Promise<void> => world.restart(),
  async planeDown({ plane, time }: GithubWorld, { forSeconds }: Fault): Promise<void> {
    plane.stop();
    await time.sleep(forSeconds * 1000);
    await plane.start();
  },
  async githubDown({ github, time }: GithubWorld, { forSeconds }: Fault): Promise<void> {
    github.down(true);
    await time.sleep(forSeconds * 1000);
    github.down(false);
  },
  expireTokens: (world: GithubWorld): void => world.expireTokens(),
  repeat: (world: GithubWorld): Promise<void> => world.repeat(),
  async loseWebhooks(world: GithubWorld, { forSeconds }: Fault): Promise<void> {
    world.loseWebhooks(true);
    await world.time.sleep(forSeconds * 1000);
    world.loseWebhooks(false);
  },
  async delayQueues(world: GithubWorld, { index, forSeconds }: Fault): Promise<void> {
    world.delayQueues((index + 1) * 5000);
    await world.time.sleep(forSeconds * 1000);
    world.delayQueues(0);
  },
};

const KINDS = ["cancel", "crash", "crashAtBoot", "powerCut", "restart", "planeDown"] as const;
const OTHERS = ["githubDown", "expireTokens", "repeat", "loseWebhooks", "delayQueues"] as const;

const story = fc.record({
  mode: fc.constantFrom("scale-set" as const, "webhook" as const),
  max: fc.integer({ min: 1, max: 4 }),
  jobs: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 600 }),
      seconds: fc.constantFrom(1, 20, 300, 900),
      hook: fc.boolean(),
      exit: fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, fc.constant(false)),
      lateSeconds: fc.constantFrom(0, 3, 60),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  faults: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 900 }),
      what: fc.constantFrom(...KINDS, ...OTHERS),
      index: fc.integer({ min: 0, max: 4 }),
      forSeconds: fc.integer({ min: 1, max: 900 }),
    }),
    { maxLength: 7 },
  ),
});

const LOOK_MS = 20_000;
const CALM_MS = 2_000_000;
/** Jobs that wait for each other, and for breakers and pauses after failures. */
const LONGEST_MS = 8 * 3_600_000;

test("no job is lost by us, none is begun twice, no more VMs than max, and in the end nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ mode, max, jobs, faults }) => {
      const courses = Object.fromEntries(jobs.map((job, index) => [`job-${index}`, job]));
      const world = await startGithubWorld({ macs: 2, runners: [{ ...RUNNER, mode, max }], courses });
      const { time, github, plane } = world;
      try {
        for (const [name, { at }] of Object.entries(courses))
          time.clock.after(at * 1000, () => world.job(name));
        for (const fault of faults)
          time.clock.after(fault.at * 1000, () => void FAULTS[fault.what](world, fault));
        const most: number[] = [];
        const look = () => {
          most.push(plane.life() ? wanted(world) : 0);
          time.clock.after(LOOK_MS, look);
        };
        look();
        await time.pass(CALM_MS);
        await expectNothingLeft(world, LONGEST_MS);
        expect(Math.max(...most)).toBeLessThanOrEqual(max);
        const disturbed = new Set(faults.map(({ what }) => what));
        for (const { conclusion } of github.jobs.all) {
          // GitHub fails a job whose runner was lost, and that was none of ours.
          if (conclusion === "failure")
            expect(disturbed.has("crash") || disturbed.has("powerCut")).toBe(true);
          if (conclusion === "cancelled") expect(disturbed).toContain("cancel");
        }
        expect(github.jobs.all).toHaveLength(jobs.length);
      } finally {
        await world.close();
      }
    }),
    { seed: 7, numRuns: 10 },
  );
});

/** VMs that have a job or are to get one. */
function wanted({ live, github }: GithubWorld): number {
  const over = github.jobs.all.flatMap(({ status, runner }) =>
    status === "completed" && runner ? [runner.name] : [],
  );
  return live().filter(
    ({ id, state, job }) =>
      state !== "draining" &&
      state !== "stopping" &&
      job.state !== "ended" &&
      !over.some((name) => name.includes(id)),
  ).length;
}
