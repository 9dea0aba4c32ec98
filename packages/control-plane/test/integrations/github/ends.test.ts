import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { startPlane } from "../../helpers/plane.ts";
import { vmWithToken } from "../../helpers/host.ts";
import { RUNNER, startGithubWorld, type Course, type GithubWorld } from "../../support/world/github.ts";
import { expectNothingLeft } from "../../support/world/nothing-left.ts";

/* The ends of ci-runners §2.2, by the numbers of its list of tests. */

let world: GithubWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** So long a VM is left alone after its runner's exit. */
const SETTLE_MS = 10_000;

/** A world in which one job runs, and its VM's guest. */
async function withJob(course: Course, options: Parameters<typeof startGithubWorld>[0] = {}) {
  const made = await startGithubWorld({ ...options, courses: { build: { seconds: 60, ...course } } });
  world = made;
  const job = made.job("build");
  await made.time.until("the job runs", () => job.status === "in_progress");
  const guest = made.guestOf(job);
  if (!guest) throw new Error("no guest has the job");
  return { world: made, job, guest, record: () => made.plane.useCases.getVm(guest.vmId) };
}

const draining = (made: GithubWorld) =>
  made.time.until("the hook's word", () => made.live()[0]?.state === "draining");
const gone = (made: GithubWorld) => made.time.until("the VM to be gone", () => made.live().length === 0);

test.each([0, 5, 30, 80])(
  "(1) after its hook the runner needs %i s more: the VM lives until its exit and the grace, whoever asked for it",
  async (lateSeconds) => {
    const course = { seconds: 60, lateSeconds };
    const made = await startGithubWorld({ courses: { served: course, own: course } });
    world = made;
    const id = await made.clientsVm("own");
    const jobs = [made.job("served"), made.job("own", ["own"])];
    await made.time.until("both run", () => jobs.every(({ status }) => status === "in_progress"));
    const died: number[] = [];
    for (const job of jobs) {
      const exits = Date.parse(job.startedAt ?? "") + 60_000 + lateSeconds * 1000;
      made.guestOf(job)?.onDeath(() => died.push(made.time.now() - exits));
    }
    await gone(made);
    expect(died).toHaveLength(2);
    for (const after of died) {
      expect(after).toBeGreaterThanOrEqual(SETTLE_MS);
      expect(after).toBeLessThan(SETTLE_MS + 1000);
    }
    expect(jobs.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);
    expect(made.plane.useCases.getVm(id).end?.reason).toBe("runner_exited");
  },
);

test("(1) the hook fired and the process stays: nothing is ended until GitHub has said twice that the job is over", async () => {
  const { world, job, record } = await withJob({ exit: false, result: false });
  await draining(world);
  // The runner sends its result late: all that time GitHub says that the job runs.
  await world.time.pass(300_000);
  expect(record().state).toBe("draining");
  world.github.finish(job.id, "success");
  await gone(world);
  expect(record().end).toMatchObject({ reason: "job_over", message: expect.stringContaining("twice") });
  expect(await world.metric("tartfleet_github_forced_total")).toBe(1);
  const query = { order: "oldest", limit: 1000, action: "github.force" } as const;
  expect(world.plane.useCases.auditPage(query).records).toHaveLength(1);
});

test("(2) the hook never fires and the process exits: the VM is deleted", async () => {
  const { world, record } = await withJob({ hook: false });
  await expectNothingLeft(world);
  expect(record().end?.reason).toBe("runner_exited");
});

test("(3) neither fires and the VM powers off: its host tells, and it is deleted", async () => {
  const { world, guest, record } = await withJob({ hook: false, exit: false });
  await world.time.pass(120_000);
  expect(record().state).toBe("ready");
  const from = world.time.now();
  guest.end("guest_shutdown");
  await gone(world);
  expect(world.time.now() - from).toBeLessThan(10_000);
  expect(record().end?.reason).toBe("guest_shutdown");
});

test("(4) nothing fires and nobody tells of the job: its time to live ends it", async () => {
  const { world, record } = await withJob(
    { hook: false, exit: false, result: false },
    { runners: [{ ...RUNNER, ttlSeconds: 3600 }] },
  );
  const { createdAt } = record();
  await gone(world);
  expect(record().end?.reason).toBe("ttl");
  expect(world.time.now() - Date.parse(createdAt)).toBeGreaterThanOrEqual(3_600_000);
});

test("(5) the end is announced five times at once, and again when another VM has the name: that one is not touched", async () => {
  const made = await startGithubWorld({ courses: { first: { seconds: 60 }, second: { seconds: 600 } } });
  world = made;
  const first = await made.clientsVm("own", "builder");
  made.job("first", ["own"]);
  await made.time.until("the first runs", () => made.guests().length === 1);
  const [former] = made.guests();
  if (!former) throw new Error("there is no guest");
  const announce = (id: string) =>
    Promise.all(
      Array.from({ length: 5 }, () =>
        made.door("DELETE", `/v1/vms/${id}`, {
          token: former.token,
          query: { phase: "runner_exited", rc: "0" },
        }),
      ),
    );
  expect((await announce(first)).map((answer) => answer?.status)).toEqual([202, 202, 202, 202, 202]);
  await gone(made);
  const announced = made.plane.useCases
    .vmEvents(first, 0, 200)
    .filter(({ type }) => type === "end_announced");
  expect(announced).toHaveLength(1);

  const second = await made.clientsVm("own", "builder");
  const job = made.job("second", ["own"]);
  await made.time.until("the second runs", () => job.status === "in_progress");
  const before = made.plane.useCases.vmEvents(second, 0, 200);
  const replayed = [...(await announce(first)), ...(await announce(second))];
  for (const answer of replayed) expect(answer?.status).toBeGreaterThanOrEqual(400);
  await made.time.pass(300_000);
  expect(made.plane.useCases.getVm(second).state).toBe("ready");
  expect(made.plane.useCases.vmEvents(second, 0, 200)).toEqual(before);
  await expectNothingLeft(made);
  expect(job.conclusion).toBe("success");
});

test("(6) the control plane is down for the hook and back before the exit: the exit ends the VM", async () => {
  const { world, record } = await withJob({ lateSeconds: 60 });
  await world.time.pass(55_000);
  world.plane.stop();
  await world.time.pass(30_000);
  await world.plane.start();
  expect(record().state).toBe("ready");
  await expectNothingLeft(world);
  expect(record()).toMatchObject({ end: { reason: "runner_exited" }, job: { state: "ended" } });
});

test("(6) the control plane is down for the hook and the exit: what the host saw ends the VM", async () => {
  const { world, job, guest, record } = await withJob({});
  world.plane.stop();
  await world.time.until("the guest shuts itself down", () => !guest.isAlive());
  await world.plane.start();
  await expectNothingLeft(world);
  expect(job.conclusion).toBe("success");
  expect(record().end?.reason).toBe("guest_shutdown");
});

test("(6) GitHub is down from the hook on and nobody exits: the hook's grace alone ends the VM, late", async () => {
  const { world, record } = await withJob({ exit: false, result: false });
  await draining(world);
  world.github.down(true);
  await world.time.pass(480_000);
  expect(record().state).toBe("draining");
  await world.time.pass(300_000);
  expect(record().end?.reason).toBe("hook_grace_forced");
});

test("(7) GitHub says that the runner is idle while its job runs: nothing is ended", async () => {
  const { world, job, record } = await withJob({ seconds: 1800 });
  world.github.runners.tellStale(true);
  await world.time.pass(1_200_000);
  expect(record().state).toBe("ready");
  await expectNothingLeft(world);
  expect(job.conclusion).toBe("success");
});

test("(8) the hook, run by a real bash, prints nothing secret, and nor does the control plane that heard it", async () => {
  const plane = await startPlane();
  const home = mkdtempSync(join(tmpdir(), "tartfleet-hook-"));
  try {
    const { id, token } = await vmWithToken(plane, "mac-1");
    const settings = `TARTFLEET_URL=${plane.url}\nTARTFLEET_VM_ID=${id}\nTARTFLEET_IP=192.168.64.7\n`;
    writeFileSync(join(home, "vm.env"), settings);
    writeFileSync(join(home, "token"), token, { mode: 0o400 });
    const script = fileURLToPath(new URL("../../../../agent/guest/suicide.sh", import.meta.url));
    const env = { PATH: "/usr/bin:/bin", HOME: home, TARTFLEET_TOKEN_FILE: join(home, "token") };
    const inHome = `cd "$HOME" && cp ${JSON.stringify(script)} . && bash -ex ./suicide.sh job_hook`;
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", inHome], { env });
    expect([stdout, stderr]).toEqual(["tartfleet: the end of this VM is announced\n", ""]);
    expect(plane.useCases.getVm(id).state).toBe("draining");
    const kept = JSON.stringify([
      plane.lines,
      plane.useCases.vmEvents(id, 0, 200),
      plane.useCases.auditPage({ order: "oldest", limit: 1000 }).records,
    ]);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(token.split("_").at(-1));
  } finally {
    rmSync(home, { recursive: true });
    await plane.close();
  }
});

test("(9) an operator ends it during the grace: at once, and it is written down who did", async () => {
  const { world, guest, record } = await withJob({ lateSeconds: 80 });
  await draining(world);
  const token = await world.token("admin");
  const from = world.time.now();
  expect((await world.door("DELETE", `/v1/vms/${guest.vmId}`, { token }))?.status).toBe(202);
  await gone(world);
  expect(world.time.now() - from).toBeLessThan(10_000);
  expect(record().end).toMatchObject({ reason: "client", message: expect.stringContaining("the admin") });
  const acts = world.plane.useCases.auditPage({ order: "oldest", limit: 1000, action: "vm.end" }).records;
  expect(acts).toMatchObject([{ outcome: "done", subject: expect.stringContaining(guest.vmId) }]);
});

test("(10) a second job after the hook is told of as what must not be", async () => {
  const { world, guest } = await withJob({ exit: false });
  await draining(world);
  await guest.jobStarted({ job: "another" });
  const events = world.plane.useCases.vmEvents(guest.vmId, 0, 200);
  expect(events.map(({ message }) => message)).toContainEqual(expect.stringMatching(/started another job/));
  // TartfleetSecondJob (ops/prometheus/alerts.yml) fires by this.
  expect(await world.plane.useCases.metrics()).toContain('tartfleet_second_jobs_total{team="default"} 1');
});
