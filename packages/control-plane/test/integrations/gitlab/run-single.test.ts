import { reveal, type CreateVmInput } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callerOf, CI, startFleet } from "../../support/fleet.ts";

/*
 * gitlab-runner run-single in a VM: no hook tells of its job, so that the end of its process is the one signal (ci-runners
 * §2.3). What GitLab does with the job is between it and the runner; here is what becomes of the VM.
 */

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Mac = Awaited<ReturnType<Fleet["host"]>>;

let fleet: Fleet;
let mac: Mac;
beforeEach(async () => {
  fleet = await startFleet();
  mac = await fleet.host("mac-1");
});
afterEach(() => {
  fleet.close();
  expect(fleet.errors).toEqual([]);
});

const TOKEN = "glrt-secret-of-the-runner";
const RUNNER: CreateVmInput["runner"] = { kind: "gitlab", url: "https://gitlab.example.com", token: TOKEN };
const create = (parts: Partial<CreateVmInput> = {}) => fleet.create({ runner: RUNNER, ...parts });

/** Time passes, and the Mac says that it is there. */
async function pass(seconds: number) {
  for (let left = seconds; left > 0; left -= 20) {
    await mac.heartbeat();
    await fleet.clock.pass(Math.min(left, 20) * 1000);
  }
}

/** What the guest's supervise.sh says once the runner's process is gone. */
const exits = (id: string, rc = 0, attempt = 1) =>
  fleet.useCases.endVm(callerOf({ kind: "vm", vmId: id, attempt }), id, { phase: "runner_exited", rc });

/** The Mac removes what it is told to, and the VM has ended by now. */
async function gone(id: string) {
  await fleet.clock.pass(15_000);
  await mac.removeAll();
  const { endedAt, end } = fleet.useCases.getVm(id);
  return endedAt === null ? "lives" : end?.reason;
}

const instances = async () => (await mac.assignments()).assignments.filter(({ want }) => want === "running");

describe("a job that goes well", () => {
  test.each([1, 1800])(
    "of %s s: the VM is there until the runner's process has exited, and goes then",
    async (seconds) => {
      const id = await create();
      await mac.bringUpAll();
      await pass(seconds);
      expect(fleet.state(id)).toBe("ready");
      await exits(id);
      expect(await gone(id)).toBe("runner_exited");
    },
  );

  test("its runner's token is given to the guest alone, and again to another attempt", async () => {
    const id = await create();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "provisioning" });
    const given = await fleet.useCases.agent.bootstrap(mac.host, mac.epoch, { vmId: id, attempt: 1 });
    expect(given.runner && reveal(given.runner)).toMatchObject({ token: TOKEN, waitTimeoutSeconds: 600 });
    // run-single has its own time to wait for a job; the supervisor knows of none.
    expect(given.noJobSeconds).toBeUndefined();
    const error = { code: "guest_unreachable" as const, message: "no answer", facts: {} };
    await mac.report({ kind: "failed", vmId: id, attempt: 1, phase: "provisioning", error });
    await mac.report({ kind: "gone", vmId: id, attempt: 1 });
    await pass(60);
    const [again] = await instances();
    expect(again).toMatchObject({ vmId: id, attempt: 2 });
    const next = await fleet.useCases.agent.bootstrap(mac.host, mac.epoch, { vmId: id, attempt: 2 });
    expect(next.runner && reveal(next.runner)).toMatchObject({ token: TOKEN });
    const shown = JSON.stringify([fleet.useCases.getVm(id), fleet.useCases.vmEvents(id, 0, 100)]);
    expect(shown).not.toContain(TOKEN);
  });
});

describe("a job that does not come, or is cancelled", () => {
  test("before pick-up: the runner gives up and exits; the VM goes", async () => {
    const id = await create();
    await mac.bringUpAll();
    await pass(600);
    await exits(id);
    expect(await gone(id)).toBe("runner_exited");
  });

  test("while the VM waits for a slot: whoever made it ends it, and no instance is ever made", async () => {
    const [first, second, third] = [await create(), await create(), await create()];
    await mac.bringUpAll();
    await fleet.useCases.endVm(CI, third, {});
    expect(await gone(third)).toBe("client");
    for (const id of [first, second]) await exits(id);
    await gone(first);
    await mac.heartbeat();
    expect(await instances()).toEqual([]);
  });

  test("while it runs: nothing is ended by us until the runner, which GitLab told, has exited", async () => {
    const id = await create();
    await mac.bringUpAll();
    await pass(300);
    expect(fleet.state(id)).toBe("ready");
    await exits(id, 1);
    expect(await gone(id)).toBe("runner_exited");
  });
});

describe("signals that do not come, or come too often", () => {
  test("the process never exits: its time to live ends the VM", async () => {
    const id = await create({ ttlSeconds: 3600 });
    await mac.bringUpAll();
    await pass(3500);
    expect(fleet.state(id)).toBe("ready");
    await pass(200);
    expect(await gone(id)).toBe("ttl");
  });

  test("the exit is told by the attempt before: nothing ends", async () => {
    const id = await create();
    const error = { code: "guest_unreachable" as const, message: "no answer", facts: {} };
    await mac.report({ kind: "failed", vmId: id, attempt: 1, phase: "provisioning", error });
    await mac.report({ kind: "gone", vmId: id, attempt: 1 });
    await pass(60);
    await mac.bringUpAll();
    await exits(id, 0, 1);
    await pass(60);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "ready", attempt: 2 });
  });

  test("the exit is told five times, and after the end: it ends once, and nothing else does", async () => {
    const [id, other] = [await create(), await create()];
    await mac.bringUpAll();
    for (let turn = 0; turn < 5; turn += 1) await exits(id);
    expect(await gone(id)).toBe("runner_exited");
    await exits(id);
    expect(fleet.state(other)).toBe("ready");
    const ends = fleet.useCases.vmEvents(id, 0, 100).filter(({ state }) => state === "deleted");
    expect(ends).toHaveLength(1);
  });

  test("a token that GitLab no longer takes: the runner exits at once, and the code says so", async () => {
    const id = await create();
    await mac.bringUpAll();
    await exits(id, 33);
    expect(await gone(id)).toBe("runner_exited");
    expect(fleet.useCases.vmEvents(id, 0, 100).map(({ message }) => message)).toContainEqual(
      expect.stringContaining("33"),
    );
  });
});

describe("what goes away", () => {
  test("the control plane, while the runner works: its restart ends nothing", async () => {
    const id = await create();
    await mac.bringUpAll();
    await fleet.restart();
    await mac.hello();
    await pass(600);
    expect(fleet.state(id)).toBe("ready");
    await exits(id);
    expect(await gone(id)).toBe("runner_exited");
  });

  test("the control plane for an hour, in which the runner exits: the guest shuts down, and the Mac tells", async () => {
    const id = await create();
    await mac.bringUpAll();
    fleet.clock.set(3_600_000);
    await fleet.restart();
    await mac.hello();
    await mac.report({ kind: "run_ended", vmId: id, attempt: 1, cause: "guest_shutdown", logTail: "" });
    expect(await gone(id)).toBe("guest_shutdown");
  });

  test("the guest: the VM ends, and no other is made for its job", async () => {
    const id = await create();
    await mac.bringUpAll();
    await mac.report({ kind: "run_ended", vmId: id, attempt: 1, cause: "guest_crashed", logTail: "" });
    expect(await gone(id)).toBe("guest_crashed");
    expect(fleet.useCases.getVm(id).attempt).toBe(1);
  });

  test("the host, for an hour: the job may still run there, so that it runs nowhere else; what the Mac says decides", async () => {
    const id = await create();
    await mac.bringUpAll();
    const other = await fleet.host("mac-2");
    for (let passed = 0; passed < 3600; passed += 20) {
      await other.heartbeat();
      await fleet.clock.pass(20_000);
    }
    expect((await other.assignments()).assignments).toEqual([]);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "ready", attempt: 1 });
    expect(fleet.useCases.getVm(id).unreachableSince).not.toBeNull();
    await mac.hello();
    await mac.report({ kind: "run_ended", vmId: id, attempt: 1, cause: "unknown", logTail: "" });
    expect(await gone(id)).toBe("guest_crashed");
  });
});
