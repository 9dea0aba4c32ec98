import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { startGitlabWorld, type GitlabWorld } from "../../support/gitlab-world.ts";

let world: GitlabWorld;
afterEach(() => world.close());

const JOB = { id: 1, script: ["echo begun", "sleep 1", "echo done"], afterScript: ["echo after"] };
const LONG = { ...JOB, script: ["echo begun", "sleep 1800", "echo done"] };
const SYSTEM_FAILURE = { status: "failed", reason: "runner_system_failure" };

/** How often a line was run, in all guests together. */
const times = (line: string) => world.everRan.filter((each) => each.line === line).length;
const once = (...lines: string[]) =>
  expect(lines.map((line) => [line, times(line)])).toEqual(lines.map((line) => [line, 1]));

describe("a job that goes well", () => {
  test.each([
    ["a second", JOB],
    ["thirty minutes", LONG],
  ])("of %s: runs once in a VM of its own, which ends", async (_, job) => {
    world = await startGitlabWorld();
    const running = world.start(job);
    const result = await running.over();
    expect(result.status, result.trace).toBe("success");
    expect(result.calls).toEqual([
      "config",
      "prepare",
      "prepare_script",
      "get_sources",
      "build_script",
      "after_script",
      "cleanup_file_variables",
      "cleanup",
    ]);
    expect(result.trace).toMatch(/queued:.*ready:.*begun\ndone\nafter\nJob succeeded/s);
    once("echo begun", "echo done", "echo after");
    expect(await world.ends()).toEqual(["client"]);
  });

  test("a job without image: gets the default one", async () => {
    world = await startGitlabWorld({ flags: ["--default-image", "ghcr.io/org/default:1"] });
    const running = world.start({ ...JOB, image: "" });
    expect((await running.over()).status).toBe("success");
    expect(world.vms().map(({ image }) => image)).toEqual(["ghcr.io/org/default:1"]);
  });

  test("what was called twice at the same time has one VM, and other jobs have theirs", async () => {
    world = await startGitlabWorld();
    const [first, twin] = [world.start(JOB), world.start(JOB)];
    await world.until("both to have their VM", () =>
      [first, twin].every((job) => /VM \S+ of/.test(job.trace())),
    );
    expect(world.vms()).toHaveLength(1);
    const other = world.start({ ...JOB, id: 2 });
    await Promise.all([first.over(), twin.over(), other.over()]);
    expect(new Set(world.vms().map(({ jobId }) => jobId))).toEqual(new Set(["1", "2"]));
    expect(await world.ends()).toEqual(["client", "client"]);
  });
});

describe("a stage that is called twice", () => {
  test.each(["config", "prepare", "prepare_script", "get_sources", "after_script", "cleanup"])(
    "%s: the job goes as it would, in one VM",
    async (twice) => {
      world = await startGitlabWorld({ twice });
      const running = world.start(JOB);
      const result = await running.over();
      expect(result.status, result.trace).toBe("success");
      once("echo begun", "echo done");
      expect(await world.ends()).toEqual(["client"]);
    },
  );
});

describe("a job that is cancelled", () => {
  test("while its VM waits for a slot: it leaves the queue", async () => {
    world = await startGitlabWorld();
    for (let slot = 0; slot < 2; slot += 1) await world.occupy();
    const running = world.start(JOB);
    await running.until("queued:");
    running.cancel();
    const result = await running.over();
    expect([result.status, result.calls]).toEqual(["canceled", ["config", "prepare", "cleanup"]]);
    const vm = world.vms().find(({ jobId }) => jobId === "1");
    expect([vm?.end?.reason, vm?.host]).toEqual(["client", null]);
    expect(times("echo begun")).toBe(0);
  });

  test("while its VM boots: no second try, and no VM", async () => {
    world = await startGitlabWorld();
    world.holdBoots(true);
    const running = world.start(JOB);
    await running.until("assigned:");
    running.cancel();
    expect((await running.over()).calls).toEqual(["config", "prepare", "cleanup"]);
    world.holdBoots(false);
    expect(await world.ends()).toEqual(["client"]);
    expect(times("echo begun")).toBe(0);
  });

  test("while it runs: its script is ended, after_script runs, and the VM goes", async () => {
    world = await startGitlabWorld();
    const running = world.start(LONG);
    await running.until("begun");
    running.cancel();
    const result = await running.over(1);
    expect(result.status).toBe("canceled");
    expect(times("echo done")).toBe(0);
    once("echo after");
    expect(await world.ends()).toEqual(["client"]);
  });

  test("by its own time: its script is ended and the VM goes", async () => {
    world = await startGitlabWorld();
    const running = world.start({ ...LONG, timeoutSeconds: 600 });
    const result = await running.over();
    expect(result).toMatchObject({ status: "failed", reason: "job_execution_timeout" });
    expect(times("echo done")).toBe(0);
    expect(await world.ends()).toEqual(["client"]);
  });
});

describe("prepare", () => {
  test.each([
    ["with a clean-up between: another VM each time, while the old ones still go", true, 3],
    ["without one: the VM of the first try", false, 1],
  ])("is killed twice, %s", async (_, cleansUpBetween, vms) => {
    let tries = 0;
    const fate = (stage: string) => (stage === "prepare" && ++tries < 3 ? 3 : undefined);
    world = await startGitlabWorld({ fate, runner: { cleansUpBetween } });
    world.holdRemovals(true);
    world.holdBoots(true);
    const running = world.start(JOB);
    await world.until(
      "the last try",
      () => running.calls().filter((call) => call === "prepare").length === 3,
    );
    world.holdBoots(false);
    world.holdRemovals(false);
    const result = await running.over();
    expect(result.status, result.trace).toBe("success");
    once("echo begun");
    expect(await world.ends()).toEqual(Array(vms).fill("client"));
  });

  test.each([
    [
      "no longer than an hour by gitlab-runner's own word: three tries, and the runner's failure",
      {},
      SYSTEM_FAILURE,
    ],
    ["for as long as prepare_exec_timeout says", { prepareTimeoutMs: 36_000_000 }, { status: "success" }],
  ])("waits for a slot %s", async (_, runner, outcome) => {
    world = await startGitlabWorld({ runner });
    const others = [await world.occupy(), await world.occupy()];
    const running = world.start({ ...JOB, timeoutSeconds: 80_000 });
    await world.until(
      "both slots to be taken",
      () => world.vms().filter(({ host }) => host !== null).length === 2,
    );
    await world.pass(2 * 3600);
    if (outcome.status === "success") for (const id of others) await world.end(id);
    const result = await running.over();
    expect(result, result.trace).toMatchObject(outcome);
    if (outcome.status === "failed") expect(result.trace).toContain("prepare_exec_timeout is over");
    const ours = world.vms().filter(({ jobId }) => jobId === "1");
    expect(ours.map(({ end }) => end?.reason)).toEqual(
      Array(outcome.status === "failed" ? 3 : 1).fill("client"),
    );
  });

  test("of a VM that cannot come up in time fails three times, and leaves none", async () => {
    world = await startGitlabWorld({ flags: ["--queue-seconds", "60"] });
    for (let slot = 0; slot < 2; slot += 1) await world.occupy();
    const running = world.start(JOB);
    const result = await running.over();
    expect(result, result.trace).toMatchObject(SYSTEM_FAILURE);
    expect(result.calls.filter((call) => call === "prepare")).toHaveLength(3);
    const ends = world.vms().filter(({ jobId }) => jobId === "1");
    expect(ends.every(({ endedAt }) => endedAt !== null)).toBe(true);
  });
});

describe("an executor that is killed with SIGKILL", () => {
  test.each([
    ["config", 0, "success"],
    ["prepare", 0, "success"],
    ["prepare", 2, "success"],
    ["prepare_script", 0, "failed"],
    ["get_sources", 0, "failed"],
    ["build_script", 0, "failed"],
    ["build_script", 100, "failed"],
    ["after_script", 0, "success"],
    ["cleanup_file_variables", 0, "success"],
  ])(
    "in %s after %s s: the job is %s, run once at most, and no VM is left",
    async (stage, seconds, status) => {
      let isFirst = true;
      const fate = (called: string) => {
        if (called !== stage || !isFirst) return undefined;
        isFirst = false;
        return seconds;
      };
      world = await startGitlabWorld({ fate });
      const running = world.start(LONG);
      const result = await running.over();
      expect(result.status, result.trace).toBe(status);
      if (status === "failed") expect(result.reason).toBe("runner_system_failure");
      expect(times("echo begun")).toBeLessThanOrEqual(1);
      expect(times("echo done")).toBe(status === "success" ? 1 : 0);
      const ends = await world.ends();
      expect(new Set(ends)).toEqual(new Set(["client"]));
    },
  );

  test("in cleanup: the VM ends by its time to live", async () => {
    world = await startGitlabWorld({ fate: (stage) => (stage === "cleanup" ? 0 : undefined) });
    const running = world.start({ ...JOB, timeoutSeconds: 120 });
    expect((await running.over()).status).toBe("success");
    expect(await world.ends()).toEqual(["ttl"]);
  });
});

describe("a control plane that goes away", () => {
  test.each([
    ["a restart", 5, []],
    ["an hour, and patience for it", 3600, ["--patience-seconds", "7200"]],
  ])(
    "for %s while the script runs: it goes on, and what it said meanwhile is shown once",
    async (_, seconds, flags) => {
      world = await startGitlabWorld({ flags });
      const running = world.start({ ...LONG, timeoutSeconds: 10_000 });
      await running.until("begun");
      await world.outage(seconds);
      const result = await running.over();
      expect(result.status, result.trace).toBe("success");
      expect(result.trace.match(/^(begun|done|after)$/gm)).toEqual(["begun", "done", "after"]);
      expect(result.trace).toContain("the job goes on there");
      once("echo begun", "echo done", "echo after");
      expect(await world.ends()).toEqual(["client"]);
    },
  );

  test("for an hour, and no patience for it: the runner's failure, and the VM ends by its time to live", async () => {
    world = await startGitlabWorld();
    const running = world.start({ ...LONG, timeoutSeconds: 5400 });
    await running.until("begun");
    await world.outage(3600);
    const result = await running.over();
    expect(result, result.trace).toMatchObject(SYSTEM_FAILURE);
    expect(result.runnerLog).toContain("unreachable");
    once("echo begun");
    expect(await world.ends(180)).toEqual(["ttl"]);
  });

  test("for an hour before prepare, and patience for it: the job is not lost", async () => {
    world = await startGitlabWorld({
      flags: ["--patience-seconds", "7200"],
      runner: { prepareTimeoutMs: 7_200_000 },
    });
    world.leave();
    const running = world.start({ ...JOB, timeoutSeconds: 10_000 });
    await world.pass(3600);
    await world.comeBack();
    const result = await running.over();
    expect(result.status, result.trace).toBe("success");
    once("echo begun");
    expect(await world.ends()).toEqual(["client"]);
  });

  test("while a create's answer was on its way: the same VM is found again", async () => {
    world = await startGitlabWorld();
    const running = world.start(JOB);
    await world.until("the create", () => world.vms().length === 1);
    await world.outage(30);
    expect((await running.over()).status).toBe("success");
    expect(await world.ends()).toEqual(["client"]);
  });

  test("when the job cleans up: the job's result waits for seconds, and the VM ends by its time to live", async () => {
    world = await startGitlabWorld({ fate: (stage) => void (stage === "cleanup" && world.leave()) });
    const running = world.start({ ...JOB, timeoutSeconds: 600 });
    const result = await running.over(1);
    expect(result.status, result.trace).toBe("success");
    expect(result.runnerLog).toContain("unreachable");
    await world.comeBack();
    expect(await world.ends()).toEqual(["ttl"]);
  });
});

describe("a guest or a host that dies", () => {
  test("a guest: the runner's failure, with what became of it", async () => {
    world = await startGitlabWorld();
    const running = world.start(LONG);
    await running.until("begun");
    for (const guest of world.guests.values()) guest.die();
    const result = await running.over();
    expect(result, result.trace).toMatchObject(SYSTEM_FAILURE);
    expect(result.trace).toContain("ended:");
    once("echo begun");
    expect(await world.ends()).toEqual(["guest_crashed"]);
  });

  test("a host, for good: the runner's failure once patience is over; its VM is gone when it is back", async () => {
    world = await startGitlabWorld();
    const running = world.start(LONG);
    await running.until("begun");
    world.loseHost();
    const result = await running.over();
    expect(result, result.trace).toMatchObject(SYSTEM_FAILURE);
    expect(result.trace).toContain("host_silent");
    await world.findHost();
    once("echo begun");
    expect(await world.ends()).toEqual(["client"]);
  });

  test("a host, while the VM boots: the job gets its VM on another", async () => {
    world = await startGitlabWorld({ hosts: 2 });
    world.holdBoots(true);
    const running = world.start(JOB);
    await running.until("assigned:");
    const index = world.vms()[0]?.host === "mac-1" ? 0 : 1;
    world.loseHost(index);
    world.holdBoots(false);
    const result = await running.over();
    expect(result.status, result.trace).toBe("success");
    once("echo begun");
    await world.findHost(index);
    expect(await world.ends()).toEqual(["client"]);
  });
});

describe("a token that ends", () => {
  test("while the job runs: it is said, and the VM ends by its time to live", async () => {
    world = await startGitlabWorld();
    const running = world.start({ ...LONG, timeoutSeconds: 300 });
    await running.until("begun");
    await world.revoke();
    const result = await running.over();
    expect(result, result.trace).toMatchObject(SYSTEM_FAILURE);
    expect(result.trace).toContain("token");
    expect(result.runnerLog).toContain("unauthenticated");
    once("echo begun");
    expect(await world.ends()).toEqual(["ttl"]);
  });

  test("between two stages, when its file has the next one: nobody sees it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gitlab-token-"));
    const file = join(folder, "token");
    let next = "";
    const fate = (stage: string) => {
      if (stage !== "build_script") return undefined;
      writeFileSync(file, next);
      void world.revoke();
      return undefined;
    };
    world = await startGitlabWorld({ fate });
    writeFileSync(file, world.token);
    next = await world.anotherToken();
    const running = world.start(JOB, { TARTFLEET_TOKEN: "", TARTFLEET_TOKEN_FILE: file });
    const result = await running.over();
    rmSync(folder, { recursive: true });
    expect(result.status, result.trace).toBe("success");
    once("echo begun", "echo after");
    expect(await world.ends()).toEqual(["client"]);
  });
});

const STAGES = [
  "config",
  "prepare",
  "prepare_script",
  "get_sources",
  "build_script",
  "after_script",
  "cleanup_file_variables",
  "cleanup",
];

test("whatever is killed, goes away or dies, and whenever: the script runs once at most, and every VM ends", async () => {
  const troubles = fc.record({
    killed: fc.dictionary(fc.constantFrom(...STAGES), fc.integer({ min: 0, max: 90 }), { maxKeys: 2 }),
    outage: fc.record({ at: fc.nat(120), seconds: fc.integer({ min: 1, max: 1000 }) }),
    hostLostAt: fc.option(fc.nat(150), { freq: 1 }),
    cancelledAt: fc.option(fc.nat(150), { freq: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(troubles, async ({ killed, outage, hostLostAt, cancelledAt }) => {
      const left = new Map(Object.entries(killed));
      const fate = (stage: string) => {
        const seconds = left.get(stage);
        left.delete(stage);
        return seconds;
      };
      world = await startGitlabWorld({ fate });
      const script = ["echo begun", "sleep 90", "echo done"];
      const running = world.start({ ...JOB, script, timeoutSeconds: 1200 });
      for (let second = 0; second <= 150; second += 1) {
        if (second === hostLostAt) world.loseHost();
        if (second === cancelledAt) running.cancel();
        if (second === outage.at) await world.outage(outage.seconds);
        await world.pass(1);
      }
      const result = await running.over();
      await world.findHost();
      await world.ends(120);
      expect(times("echo begun")).toBeLessThanOrEqual(1);
      if (result.status === "success") once("echo begun", "echo done");
      await world.close();
    }),
    { numRuns: 6 },
  );
});
