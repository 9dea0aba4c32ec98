import type { Report } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callerOf, CI, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;

const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });
const MINUTE = 60_000;

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

/** Fails whatever it is told to run, and removes what it is told to. */
async function failAll(agent: Agent, only: (image: string) => boolean = () => true): Promise<number> {
  let failed = 0;
  const { assignments } = await agent.assignments();
  for (const { vmId, attempt, want, image, reached } of assignments) {
    if (want !== "running" || reached === "ready" || !only(image)) continue;
    const error = { code: "start_failed" as const, message: "The disk is broken.", facts: {} };
    await agent.report({ kind: "failed", vmId, attempt, phase: "booting", error } satisfies Report);
    failed += 1;
  }
  await agent.removeAll();
  return failed;
}

/** A while in which every agent does what it can: the bad ones fail, the others bring up and end. */
async function goOn(
  minutes: number,
  agents: { agent: Agent; fails: (image: string) => boolean }[],
): Promise<void> {
  for (let half = 0; half < minutes * 6; half += 1) {
    for (const { agent, fails } of agents) {
      await agent.heartbeat();
      await failAll(agent, fails);
      await agent.bringUpAll();
      await agent.removeAll();
    }
    await fleet.clock.pass(10_000);
  }
}

const twoImages = (n: number) => `ghcr.io/org/image-${n % 2}:1`;
const never = () => false;
const always = () => true;
const acts = () =>
  fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records.map(({ action }) => action);

/** A steady stream of short jobs. */
async function stream(
  jobs: number,
  image: (n: number) => string,
  agents: { agent: Agent; fails: (image: string) => boolean }[],
) {
  const ids: string[] = [];
  for (let n = 0; n < jobs; n += 1) {
    ids.push(await fleet.create({ image: image(n) }));
    await goOn(0.5, agents);
    const done = ids.filter((id) => fleet.state(id) === "ready");
    for (const id of done) await fleet.useCases.endVm(CI, id, {});
    await goOn(0.5, agents);
  }
  return ids.map((id) => fleet.useCases.getVm(id));
}

describe("peers §4 row 8: one bad host eats and fails job after job", () => {
  test("it is cordoned with the reason, jobs run elsewhere, and a probe lets it in again when it is sound", async () => {
    const bad = await fleet.host("mac-bad");
    const agents = [{ agent: bad, fails: always }];
    for (const name of ["mac-2", "mac-3"]) agents.push({ agent: await fleet.host(name), fails: never });
    const vms = await stream(12, twoImages, agents);
    expect(vms.filter(({ state }) => state === "failed")).toEqual([]);
    const { cordon } = fleet.useCases.getHost("mac-bad");
    expect(cordon).toMatchObject({
      by: "control plane",
      reason: expect.stringContaining("start_failed"),
      breaker: { trips: 1, isProbing: expect.any(Boolean) },
    });
    // Few jobs went into the hole, and none got stuck there.
    expect(vms.filter(({ attempt }) => attempt > 1).length).toBeLessThanOrEqual(4);

    const cured = agents.map(({ agent }) => ({ agent, fails: never }));
    await fleet.restart();
    for (const { agent } of cured) await agent.hello();
    await goOn(6, cured);
    // Both slots of the others are taken, so the next one is the probe.
    for (let n = 0; n < 5; n += 1) await fleet.create();
    await goOn(1, cured);
    expect(fleet.useCases.getHost("mac-bad").cordon).toBeNull();
    expect(acts().filter((action) => /breaker|probe/.test(action))).toEqual([
      "host.breaker_opened",
      "host.probe",
      "host.breaker_closed",
    ]);
  });

  test("a host that fails its probe rests twice as long", async () => {
    const bad = await fleet.host("mac-bad");
    const agents = [{ agent: bad, fails: always }];
    for (const name of ["mac-2", "mac-3"]) agents.push({ agent: await fleet.host(name), fails: never });
    await stream(8, twoImages, agents);
    for (let n = 0; n < 5; n += 1) await fleet.create();
    await goOn(6, agents);
    const { cordon } = fleet.useCases.getHost("mac-bad");
    expect(cordon?.breaker).toMatchObject({ trips: 2, isProbing: false });
    const restsMs = Date.parse(cordon?.breaker?.probeAt ?? "") - Date.parse(cordon?.since ?? "");
    expect(restsMs).toBe(10 * MINUTE);
  });

  test("a broken image closes no host, and what is sound runs on", async () => {
    const broken = "ghcr.io/org/broken:1";
    const agents = [];
    for (const name of ["mac-1", "mac-2", "mac-3", "mac-4"])
      agents.push({ agent: await fleet.host(name), fails: (image: string) => image === broken });
    const vms = await stream(16, (n) => (n % 2 === 0 ? broken : "ghcr.io/org/good:1"), agents);
    expect(fleet.useCases.listHosts().filter(({ cordon }) => cordon !== null)).toEqual([]);
    const good = vms.filter(({ image }) => image !== broken);
    expect(good.every(({ attempt, end }) => attempt === 1 && end?.reason === "client")).toBe(true);
    expect(vms.filter(({ image }) => image === broken).every(({ state }) => state === "failed")).toBe(true);
  });

  test("when most of the fleet fails, half of it stays open, and that is said", async () => {
    const macs = [];
    for (const name of ["mac-1", "mac-2", "mac-3", "mac-4"]) macs.push(await fleet.host(name));
    for (const mac of macs) for (let session = 0; session < 10; session += 1) await mac.hello();
    const cordoned = fleet.useCases.listHosts().filter(({ cordon }) => cordon !== null);
    expect(cordoned.map(({ name }) => name)).toEqual(["mac-1", "mac-2"]);
    const held = fleet.useCases
      .auditPage({ order: "oldest", limit: 1000 })
      .records.filter(({ action }) => action === "host.breaker_held");
    expect(held.map(({ subject }) => subject)).toEqual(["host mac-3", "host mac-4"]);
  });

  test("what people have cordoned counts among what is closed", async () => {
    const macs = [];
    for (const name of ["mac-1", "mac-2", "mac-3", "mac-4"]) macs.push(await fleet.host(name));
    for (const name of ["mac-3", "mac-4"]) await fleet.useCases.cordonHost(ANA, name, { reason: "update" });
    for (const mac of macs) for (let session = 0; session < 10; session += 1) await mac.hello();
    const cordoned = fleet.useCases.listHosts().filter(({ cordon }) => cordon !== null);
    expect(cordoned.map(({ name }) => name)).toEqual(["mac-3", "mac-4"]);
    expect(acts().filter((action) => action === "host.breaker_held")).toHaveLength(2);
  });

  test("a person who uncordons it is believed", async () => {
    const bad = await fleet.host("mac-bad");
    const agents = [{ agent: bad, fails: always }];
    for (const name of ["mac-2", "mac-3"]) agents.push({ agent: await fleet.host(name), fails: never });
    await stream(8, twoImages, agents);
    expect(fleet.useCases.getHost("mac-bad").cordon).not.toBeNull();
    await fleet.useCases.uncordonHost(ANA, "mac-bad");
    expect(fleet.useCases.getHost("mac-bad").cordon).toBeNull();
  });
});

test("a host that fails within seconds does not have all attempts of a VM while the other Macs are taken", async () => {
  const good = await fleet.host("mac-2");
  for (let n = 0; n < 2; n += 1) await fleet.create();
  await good.bringUpAll();
  const bad = await fleet.host("mac-bad");
  const agents = [
    { agent: bad, fails: always },
    { agent: good, fails: never },
  ];
  const unlucky = await fleet.create();
  await goOn(0.5, agents);
  expect(fleet.useCases.getVm(unlucky)).toMatchObject({ state: "queued", attempt: 1 });
  const { waiting, details } = fleet.useCases.explainVm(unlucky);
  expect(waiting?.hosts.groups.map(({ reason, names }) => [reason, names])).toEqual([
    ["just_failed", ["mac-bad"]],
    ["slots", ["mac-2"]],
  ]);
  expect(waiting?.unblock.what).toBe("slots");
  expect(details.join(" ")).toContain("is tried again only in 30 s if no other host takes it before");
  // Nobody else has taken it for a minute: it goes back, and the next time waits twice as long.
  await goOn(0.5, agents);
  await goOn(0.5, agents);
  expect(fleet.useCases.getVm(unlucky)).toMatchObject({ state: "queued", attempt: 2 });
  await goOn(1, agents);
  expect(fleet.useCases.getVm(unlucky)).toMatchObject({ state: "queued", attempt: 2 });
  // What ends elsewhere makes room for it at once.
  const [running] = fleet.useCases.listVms({ host: "mac-2", state: ["ready"], limit: 1 }).vms;
  await fleet.useCases.endVm(CI, running?.id ?? "", {});
  await goOn(0.5, agents);
  expect(fleet.useCases.getVm(unlucky)).toMatchObject({ state: "ready", attempt: 3, host: "mac-2" });
});

test("where no other host could ever take it, a VM that failed goes back at once", async () => {
  const mac = await fleet.host("mac-1");
  await fleet.host("mac-2", { labels: { zone: "b" } });
  const id = await fleet.create({ hostLabels: { zone: "a" }, allowPending: true });
  await mac.heartbeat();
  const other = await fleet.host("mac-3", { labels: { zone: "a" } });
  await failAll(other);
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 2, host: "mac-3" });
});

test("an agent that crashes again and again gets nothing (fault 10)", async () => {
  const mac = await fleet.host("mac-1");
  const other = await fleet.host("mac-2");
  for (let session = 0; session < 10; session += 1) {
    await fleet.clock.pass(5000);
    await other.heartbeat();
    await mac.hello();
  }
  expect(fleet.useCases.getHost("mac-1").cordon).toMatchObject({
    reason: "its agent connected 10 times within 5 minutes",
    breaker: { trips: 1 },
  });
  expect(fleet.useCases.getHost("mac-2").cordon).toBeNull();
});

test("what became of a host's and of an image's newest attempts is told, and of whose VMs to their teams alone", async () => {
  const [good, bad] = [await fleet.host("mac-1"), await fleet.host("mac-2")];
  for (let n = 0; n < 4; n += 1) await fleet.create({ image: twoImages(n) });
  await failAll(bad);
  await good.bringUpAll();
  const of = (query: { host?: string; image?: string }, team: string | null = null) =>
    fleet.useCases.listAttempts({ limit: 50, ...query }, team);
  expect(of({ host: "mac-2" })).toMatchObject([
    { host: "mac-2", attempt: 1, verdict: "start_failed", phase: "assigned" },
    { host: "mac-2", attempt: 1, verdict: "start_failed", phase: "assigned" },
  ]);
  expect(of({ host: "mac-1" }).map(({ verdict }) => verdict)).toEqual(["ready", "ready"]);
  const ofImage = of({ image: twoImages(0) });
  expect(ofImage.length).toBeGreaterThan(0);
  expect(new Set(ofImage.map(({ image }) => image))).toEqual(new Set([twoImages(0)]));
  expect(of({ host: "mac-1" }, "other").map(({ vmId }) => vmId)).toEqual([null, null]);
  expect(of({ host: "mac-1" }, "default").map(({ vmId }) => vmId)).not.toContain(null);
  expect(() => of({ host: "mac-9" })).toThrow(expect.objectContaining({ code: "host_not_found" }));
});

test("an image's boots are told by how long they take", async () => {
  const mac = await fleet.host("mac-1", {
    images: [{ reference: "ghcr.io/org/image:1", sizeGiB: 30 }],
  });
  const id = await fleet.create();
  for (const phase of ["cloning", "booting", "provisioning", "ready"] as const) {
    await fleet.clock.pass(10_000);
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase });
  }
  expect(fleet.useCases.listImages()).toMatchObject([
    {
      reference: "ghcr.io/org/image:1",
      times: [
        { phase: "cloning", p50Seconds: 10, p95Seconds: 10, count: 1 },
        { phase: "booting", p50Seconds: 10, count: 1 },
        { phase: "provisioning", p50Seconds: 10, count: 1 },
      ],
    },
  ]);
});

test("an image that a host knows by its digest is told by all VMs that had it, whatever tag they asked for", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const reference = `ghcr.io/org/image@${digest}`;
  const mac = await fleet.host("mac-1", { images: [{ reference, sizeGiB: 30, digest }], resolvesTags: true });
  const id = await fleet.create();
  await mac.resolved("ghcr.io/org/image:1", { kind: "digest", digest });
  for (const phase of ["cloning", "booting", "ready"] as const) {
    await fleet.clock.pass(10_000);
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase, imageDigest: digest });
  }
  expect(fleet.useCases.listImages()).toMatchObject([
    { reference, times: [{ phase: "cloning" }, { phase: "booting", p50Seconds: 10 }] },
  ]);
  expect(fleet.useCases.listAttempts({ image: reference, limit: 10 }, null)).toMatchObject([
    { vmId: id, verdict: "ready" },
  ]);
});
