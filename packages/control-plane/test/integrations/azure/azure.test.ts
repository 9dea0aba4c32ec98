import { afterEach, expect, test } from "vitest";
import { AZURE_RUNNER, startAzureWorld, type AzureWorld } from "../../support/azure-world.ts";

let world: AzureWorld;
afterEach(() => world.close());

const ADMIN = {
  principal: { kind: "token" as const, tokenId: "x", role: "admin" as const, name: "x", team: null },
  requestId: "x",
  address: null,
};
const results = () => world.azure.jobs.map(({ result }) => result);
const isRunning = (name: string) => () =>
  world.azure.jobs.some((job) => job.name === name && job.agent !== undefined);

/** Whatever happened: each job began at most once, and nothing is left but the placeholder. */
async function expectClean(): Promise<void> {
  await world.until("no VM and no agent", () => world.live().length === 0 && world.azure.agents.length === 1);
  expect(world.azure.jobs.filter(({ starts }) => starts > 1)).toEqual([]);
  expect(world.azure.agents.map(({ name }) => name)).toEqual(["tartfleet-ios"]);
}

test.each([1, 1800])("jobs of %i s are served, each once, and nothing is left", async (seconds) => {
  const names = seconds === 1 ? ["a", "b", "c", "d", "e", "f"] : ["a", "b"];
  world = await startAzureWorld({ courses: Object.fromEntries(names.map((name) => [name, { seconds }])) });
  for (const name of names) world.job(name, ["xcode -equals 16.2", "Agent.OS -equals darwin"]);
  await world.atRest();
  expect(results()).toEqual(names.map(() => "succeeded"));
  expect(world.vms().map(({ end }) => end?.reason)).toEqual(names.map(() => "runner_exited"));
  await expectClean();
});

test("a placeholder keeps jobs from failing while there is no VM, and is made once", async () => {
  world = await startAzureWorld({ hosts: 0 });
  expect(world.job("a").result).toBeUndefined();
  await world.fleet.restart();
  await world.pass(60);
  expect(world.azure.agents).toHaveLength(1);
  expect(world.live()).toHaveLength(1);
});

test("jobs that demand what the definition does not have get no VM", async () => {
  world = await startAzureWorld({
    runners: [AZURE_RUNNER, { ...AZURE_RUNNER, name: "old", capabilities: { xcode: "15" } }],
  });
  world.azure.agents.push({
    id: 1,
    name: "a-persons-mac",
    version: "4.1.0",
    enabled: true,
    status: "offline",
    capabilities: { gpu: "yes" },
  });
  const foreign = world.job("foreign", ["gpu"]);
  world.job("old", ["xcode -equals 15"]);
  await world.until("the old one to be served", () => results()[1] === "succeeded");
  expect(foreign.result).toBeUndefined();
  expect(world.vms()).toHaveLength(1);
  expect(world.vms()[0]?.name).toMatch(/^old-/);
  await world.pass(600);
  expect(world.azure.agents.map(({ name }) => name)).toContain("a-persons-mac");
});

test("a job that is cancelled before its pick-up costs its VM and no more", async () => {
  world = await startAzureWorld({ hosts: 0 });
  const job = world.job("unwanted");
  await world.until("a VM that waits", () => world.live().length === 1);
  world.azure.finish(job, "canceled");
  await world.until("no VM", () => world.live().length === 0);
  expect(world.vms()[0]?.end?.reason).toBe("not_needed");
});

test("an agent to which no job comes is disabled first, then ended and removed", async () => {
  world = await startAzureWorld();
  const job = world.job("gone");
  // Its agent will be there, and the job not any more.
  await world.until("a VM on its way", () => world.live().length === 1);
  await world.fleet.clock.pass(1000);
  world.azure.stale(true);
  world.azure.finish(job, "canceled");
  await world.until("its agent", () => world.azure.agents.length === 2);
  world.azure.stale(false);
  await world.pass(480, 60);
  expect(world.live()).toHaveLength(1);
  await world.until("its end", () => world.live().length === 0);
  const changes = world.azure.requests.map((line) => line.split(" ")[0]).filter((method) => method !== "GET");
  expect(world.vms()[0]?.end?.reason).toBe("not_registered");
  expect(changes[1]).toBe("PATCH");
  await expectClean();
});

test("a job that is cancelled while it runs ends as its agent does", async () => {
  world = await startAzureWorld({ courses: { stopped: { seconds: 1800 } } });
  const job = world.job("stopped");
  await world.until("the job to run", isRunning("stopped"));
  world.azure.finish(job, "canceled");
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("runner_exited");
  await expectClean();
});

test.each([1, 1800])(
  "an agent that never exits after its job of %i s is ended at Azure's second word",
  async (seconds) => {
    world = await startAzureWorld({ courses: { a: { seconds, exit: false } } });
    const job = world.job("a");
    await world.until("the job's end", () => job.result !== undefined, 60);
    await world.pass(80);
    expect(world.live()).toHaveLength(1);
    await world.atRest();
    expect(world.vms()[0]?.end?.reason).toBe("job_over");
    expect(await world.metric("tartfleet_ci_forced_total")).toBe(1);
    await expectClean();
  },
);

test("a guest that dies takes its job along, and the next is served; no ghost of it is left", async () => {
  world = await startAzureWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed");
  await world.until("the job to run", isRunning("doomed"));
  await world.crash(world.live()[0]?.id ?? "");
  world.job("next");
  await world.atRest();
  expect(doomed).toMatchObject({ starts: 1, result: "abandoned" });
  expect(results()[1]).toBe("succeeded");
  await expectClean();
});

test("a host that dies with a job does not have it run twice, and the next is served by another", async () => {
  world = await startAzureWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed");
  await world.until("the job to run", isRunning("doomed"));
  world.lose(world.live()[0]?.host === "mac-1" ? 0 : 1);
  world.job("next");
  await world.until("the next to be done", () => results()[1] === "succeeded");
  expect(doomed.starts).toBe(1);
});

test("a restart of the control plane in a job neither doubles nor loses one", async () => {
  world = await startAzureWorld({ courses: { long: { seconds: 300 } } });
  world.job("long");
  await world.until("the job to run", isRunning("long"));
  await world.fleet.restart();
  world.job("next");
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  expect(results()).toEqual(["succeeded", "succeeded"]);
  await expectClean();
});

test("Azure is away for an hour: what runs goes on, nothing is asked for, what was queued is served after", async () => {
  world = await startAzureWorld({ courses: { long: { seconds: 4200 } } });
  world.job("long");
  await world.until("the job to run", isRunning("long"));
  world.azure.down(true);
  world.job("meanwhile");
  await world.pass(3600, 60);
  expect(world.live().map(({ state }) => state)).toEqual(["ready"]);
  world.azure.down(false);
  await world.until("both", () => results().every((result) => result === "succeeded"), 150);
  expect(world.told.filter((line) => line.includes("cannot be asked"))).toHaveLength(1);
  await expectClean();
});

test("a token that has expired is told of, once and with what to do, and starts no VMs in vain", async () => {
  world = await startAzureWorld({ courses: { long: { seconds: 1200 } } });
  const long = world.job("long");
  await world.until("the job to run", isRunning("long"));
  world.azure.renewToken();
  world.job("meanwhile");
  await world.pass(900, 60);
  expect(world.vms()).toHaveLength(1);
  expect(world.told.join("\n")).toContain("make a new one");
  expect(world.told.join("\n")).not.toContain(world.azure.token());
  await world.until("the running one to be done", () => long.result === "succeeded");
});

test("429 and Retry-After are kept", async () => {
  world = await startAzureWorld({ hosts: 0 });
  world.azure.refuse({ status: 429, headers: { "retry-after": "300" } });
  await world.pass(30);
  const asked = world.azure.requests.length;
  await world.pass(200);
  expect(world.azure.requests).toHaveLength(asked);
  await world.pass(100);
  expect(world.azure.requests.length).toBeGreaterThan(asked);
});

test("answers that stay the same while jobs come and go start and end nothing that is not needed", async () => {
  world = await startAzureWorld({ courses: { a: { seconds: 300 } } });
  world.job("a");
  await world.until("the job to run", isRunning("a"));
  await world.pass(20);
  world.azure.stale(true);
  await world.pass(500, 50);
  expect(world.vms()).toHaveLength(1);
  world.azure.stale(false);
  await world.atRest();
  expect(world.vms()).toHaveLength(1);
  await expectClean();
});

test("a VM whose agent Azure does not list is ended at the second sighting, and its job gets another", async () => {
  world = await startAzureWorld({ mutes: 1 });
  const job = world.job("a");
  await world.until("a guest", () => world.guests.size === 1);
  await world.pass(240);
  expect(world.live()).toHaveLength(1);
  await world.atRest();
  expect(job.result).toBe("succeeded");
  expect(new Set(world.vms().map(({ end }) => end?.reason))).toEqual(
    new Set(["not_registered", "runner_exited"]),
  );
});

test("agents that cannot register are not booted again and again", async () => {
  world = await startAzureWorld();
  world.job("a");
  await world.until("a VM", () => world.live().length === 1);
  // The control plane's token goes on; the one that agents were given is not taken.
  world.azure.register = () => undefined;
  await world.pass(3600, 60);
  expect(world.vms().length).toBeLessThan(9);
  expect(world.told.join("\n")).toContain("exited without a job");
});

test("a VM that is ended by a person in its job leaves no ghost", async () => {
  world = await startAzureWorld({ courses: { a: { seconds: 3600 } } });
  world.job("a");
  await world.until("the job to run", isRunning("a"));
  await world.fleet.useCases.endVm(ADMIN, world.live()[0]?.id ?? "", {});
  await world.until("the VM's end", () => world.live().length === 0);
  await expectClean();
  expect(await world.metric('tartfleet_ci_removed_total{system="azure",kind="ghost"}')).toBe(1);
});

test("no token stands in events, records, logs or the audit log", async () => {
  world = await startAzureWorld();
  world.job("secretive");
  await world.atRest();
  const shown = JSON.stringify([
    world.vms(),
    world.vms().map(({ id }) => world.fleet.useCases.vmEvents(id, 0, 200)),
    world.fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records,
    world.told,
  ]);
  expect(world.secrets.size).toBe(1);
  for (const secret of world.secrets) expect(shown).not.toContain(secret);
});
