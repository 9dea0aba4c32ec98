import { afterEach, expect, test } from "vitest";
import { vmOfRunner } from "../../../src/domain/github/runner-name.ts";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/github-world.ts";

let world: GithubWorld;
afterEach(() => world.close());

test.each(["scale-set", "webhook"] as const)(
  "a job (%s) gets a warm VM, whose runner is made then and is its own, not the pool's",
  async (mode) => {
    world = await startGithubWorld({
      runners: [{ ...RUNNER, mode }],
      hosts: 1,
      courses: { a: { seconds: 300 } },
    });
    const { fleet, github } = world;
    await fleet.pool("ios", { image: RUNNER.image });
    await world.until("a warm VM", () => fleet.warm()[0]?.state === "provisioning");
    const [warm] = fleet.warm();
    await world.pass(300, 20);
    expect(github.runners.all()).toEqual([]);

    const job = world.job("a");
    await world.until("the job to run", () => job.status === "in_progress");
    const vm = world.vms().find(({ pool }) => pool === null);
    expect(vm).toMatchObject({ state: "ready", attempt: 1 });
    expect(vmOfRunner(job.runner?.name ?? null)).toBe(vm?.id);
    expect(vm?.id).not.toBe(warm?.id);
    expect(fleet.useCases.getVm(warm?.id ?? "").end?.reason).toBe("handed_over");
    // Nobody takes it for a ghost, nor its VM for a mute.
    await world.pass(240);
    expect(job.status).toBe("in_progress");
    await world.until("the job to be done", () => job.status === "completed");
    await world.until("its VM to be gone", () => fleet.useCases.getVm(vm?.id ?? "").endedAt !== null);
    expect(fleet.useCases.getVm(vm?.id ?? "").end?.reason).toBe("runner_exited");
    expect(github.runners.all()).toEqual([]);
  },
);
