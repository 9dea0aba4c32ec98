import type { Job } from "../plan/plan.ts";
import type { Random } from "../world/random.ts";
import { CRASH_TEXT, OFF_TEXT } from "./sim-tart.ts";
import type { Machine, MachineVm, Run } from "./machine.ts";

/** What a guest can say to the control plane: an HTTP status, or undefined when nobody answered. */
export interface GuestApi {
  jobStarted(): Promise<number | undefined>;
  announce(phase: "job_hook" | "runner_exited", jobId?: string): Promise<number | undefined>;
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

/** A CI runner in its guest, from its start to its end, with the scripts that were put beside it. */
export async function runRunner(guest: Guest, job: Job): Promise<void> {
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

  async function suicide(phase: "job_hook" | "runner_exited"): Promise<void> {
    const isExit = phase === "runner_exited";
    const tries = isExit ? 20 : 2;
    for (let tried = 1; tried <= tries; tried += 1) {
      const status = await say(() => api.announce(phase));
      if (status !== undefined && (status < 300 || status === 404 || status === 409 || status === 410))
        return;
      await nap(Math.min(tried * 2, isExit ? 20 : 1) * 1000 + random.between(0, 2000));
    }
    if (isExit) guest.machine.endRun(vm, OFF_TEXT, { exitCode: 0, signal: null });
  }

  async function hasJob(): Promise<void> {
    witness.onJob();
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
  await nap(job.idleMs);
  if (job.mode === "no_job") return await suicide("runner_exited");
  await hasJob();
  if (job.mode === "silent") return;
  if (job.mode === "power_off") {
    return guest.machine.endRun(vm, OFF_TEXT, { exitCode: 0, signal: null });
  }
  if (job.mode === "stranger") await say(() => api.endStranger());
  if (job.mode === "wrong_job") await say(() => api.announce("job_hook", "somebody-elses-job"));
  for (let said = 0; said < (job.mode === "twice" ? 2 : 1); said += 1) await suicide("job_hook");
  await nap(random.between(500, 8000));
  for (let said = 0; said < (job.mode === "twice" ? 2 : 1); said += 1) await suicide("runner_exited");
}
