import type { Job } from "../plan/plan.ts";
import type { Random } from "../world/random.ts";
import { CRASH_TEXT, OFF_TEXT } from "./sim-tart.ts";
import type { Machine, MachineVm, Run } from "./machine.ts";

/** What a guest can say to the control plane: an HTTP status, or undefined when nobody answered. */
export interface GuestApi {
  jobStarted(): Promise<number | undefined>;
  announce(
    phase: "job_hook" | "runner_exited",
    more?: { jobId?: string; cause?: "no_job" | undefined },
  ): Promise<number | undefined>;
  /** Uses this guest's token for another VM. */
  endStranger(): Promise<number | undefined>;
}

/** The runner's own doing, told as it happens: what a CI system would know. */
interface RunnerWitness {
  onJob(): void;
  onJobOver(): void;
}

interface Guest {
  machine: Machine;
  vm: MachineVm;
  run: Run;
  api: GuestApi;
  random: Random;
  witness: RunnerWitness;
}

const NEVER = new Promise<never>(() => {});

/** A runner that was told to go has gone by then, or is killed (supervise.sh). */
const TERM_MS = 60_000;

/**
 * A CI runner in its guest, from its start to its end, with the scripts that were put beside it.
 *
 * @param noJobSeconds how long it may wait for its job, as the guest was told; 0 for ever
 */
export async function runRunner(guest: Guest, job: Job, noJobSeconds: number): Promise<void> {
  const { vm, run, api, random, witness } = guest;
  /** The runner is gone with its guest. */
  const nap = async (milliseconds: number) => {
    await guest.machine.timeline.sleep(milliseconds);
    if (vm.run !== run) await NEVER;
  };
  const say = async (call: () => Promise<number | undefined>) => {
    const status = await call();
    if (vm.run !== run) await NEVER;
    return status;
  };

  async function suicide(phase: "job_hook" | "runner_exited", cause?: "no_job"): Promise<void> {
    const isExit = phase === "runner_exited";
    const tries = isExit ? 20 : 2;
    for (let tried = 1; tried <= tries; tried += 1) {
      const status = await say(() => api.announce(phase, { cause }));
      if (status !== undefined && (status < 300 || status === 404 || status === 409 || status === 410))
        return;
      await nap(Math.min(tried * 2, isExit ? 20 : 1) * 1000 + random.between(0, 2000));
    }
    if (isExit) guest.machine.endRun(vm, OFF_TEXT, { exitCode: 0, signal: null });
  }

  /**
   * Whether a job comes, as supervise.sh sees to it: a runner that has waited for long enough is told to go, and may
   * take a job in that very moment. One that sets a job up is left alone: it is no longer idle, though nobody was told.
   */
  async function getsJob(): Promise<boolean> {
    const patienceMs = noJobSeconds === 0 ? Number.POSITIVE_INFINITY : noJobSeconds * 1000;
    const goesAfterMs = patienceMs + (random.chance(0.1) ? TERM_MS : random.between(100, 8000));
    await nap(Math.min(job.idleMs, goesAfterMs));
    return job.idleMs < goesAfterMs;
  }

  async function hasJob(): Promise<void> {
    witness.onJob();
    await nap(random.between(0, 20_000));
    const tells = job.mode === "twice" ? 2 : 1;
    for (let told = 0; told < tells; told += 1) {
      if ((await say(() => api.jobStarted())) === undefined) await say(() => api.jobStarted());
    }
    await nap(job.jobMs / 2);
    if (job.mode === "crash") guest.machine.endRun(vm, CRASH_TEXT, { exitCode: 0, signal: null });
    if (job.mode === "hang") await NEVER;
    await nap(job.jobMs / 2);
    witness.onJobOver();
  }

  if (job.runner === "script") {
    await nap(job.jobMs);
    return await suicide("runner_exited");
  }
  if (!(await getsJob())) return await suicide("runner_exited", "no_job");
  if (job.mode === "no_job") return await suicide("runner_exited");
  await hasJob();
  if (job.mode === "silent") return;
  if (job.mode === "power_off") {
    return guest.machine.endRun(vm, OFF_TEXT, { exitCode: 0, signal: null });
  }
  if (job.mode === "stranger") await say(() => api.endStranger());
  if (job.mode === "wrong_job") await say(() => api.announce("job_hook", { jobId: "somebody-elses-job" }));
  for (let said = 0; said < (job.mode === "twice" ? 2 : 1); said += 1) await suicide("job_hook");
  await nap(random.between(500, 8000));
  for (let said = 0; said < (job.mode === "twice" ? 2 : 1); said += 1) await suicide("runner_exited");
}
