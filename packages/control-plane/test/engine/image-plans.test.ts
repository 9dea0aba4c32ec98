import type { ImagePlanRecord } from "@tartfleet/shared";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callerOf, settle, startFleet } from "../support/fleet.ts";
import { imageHost, type ImageHost } from "../support/image-hosts.ts";

const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });
const XCODE = "ghcr.io/org/xcode:16";
const OTHER = "ecr.example.com/org/base:1";

let fleet: Awaited<ReturnType<typeof startFleet>>;

beforeEach(async () => {
  fleet = await startFleet({ config: { pullsPerRegistry: 2 } });
});

afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

const prepull = (image = XCODE, hostLabels = {}) =>
  fleet.useCases.planImage(ANA, { kind: "prepull", image, hostLabels });
const plan = (id: string) => fleet.useCases.getImagePlan(id);
const macs = (count: number, facts = {}) =>
  Promise.all(Array.from({ length: count }, (_, n) => imageHost(fleet, `mac-${n + 1}`, facts)));
const pulling = async (hosts: ImageHost[], image = XCODE) => {
  const works = await Promise.all(hosts.map(({ work }) => work()));
  return hosts.filter((_, n) => works[n]?.pull.some(({ reference }) => reference === image));
};
const actions = () =>
  fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records.map(({ action }) => action);

describe("a pre-pull", () => {
  test("gives each host its turn, no more at once than the registry may have, and ends when all have it", async () => {
    const hosts = await macs(5);
    const { id } = await prepull();
    expect(await pulling(hosts)).toHaveLength(2);
    expect(plan(id).progress).toMatchObject({ hosts: 5, there: 0, pulling: 2, waiting: 3 });
    for (let round = 0; plan(id).outcome === null && round < 10; round += 1) {
      const busy = await pulling(hosts);
      expect(busy.length).toBeLessThanOrEqual(2);
      await busy[0]?.begin(50);
      await busy[0]?.finish();
    }
    expect(plan(id)).toMatchObject({ outcome: "done", why: "All 5 hosts have it.", progress: null });
    expect(await pulling(hosts)).toEqual([]);
    expect(actions().slice(-2)).toEqual(["image.prepull", "image.prepulled"]);
  });

  test("tells its progress in bytes", async () => {
    const hosts = await macs(3);
    const { id } = await prepull();
    expect(plan(id).progress).toMatchObject({ bytes: null, totalBytes: null });
    const [first, second] = await pulling(hosts);
    await first?.finish();
    await second?.begin(25);
    expect(plan(id).progress).toMatchObject({
      there: 1,
      bytes: 1250,
      totalBytes: 3000,
      pulls: expect.arrayContaining([{ host: second?.name, percent: 25, bytes: 250, totalBytes: 1000 }]),
    });
  });

  test("is for the hosts that carry the labels; the silent, the cordoned and the too old are not waited for", async () => {
    const right = await imageHost(fleet, "right", { labels: { xcode: "16" } });
    const wrong = await imageHost(fleet, "wrong", { labels: { xcode: "15" } });
    await fleet.host("old", { labels: { xcode: "16" } });
    await imageHost(fleet, "cordoned", { labels: { xcode: "16" } });
    await fleet.useCases.cordonHost(ANA, "cordoned", { reason: "a look at its disk" });
    const { id } = await prepull(XCODE, { xcode: "16" });
    expect(await pulling([right, wrong])).toEqual([right]);
    expect(plan(id).progress).toMatchObject({ hosts: 1, away: 2 });
    await right.finish();
    expect(plan(id)).toMatchObject({ outcome: "done", why: "The host has it." });
  });

  test("waits while no host is there, reaches those that join meanwhile, and outlives a restart", async () => {
    const { id } = await prepull();
    expect(plan(id)).toMatchObject({ outcome: null, progress: { hosts: 0 } });
    await fleet.restart();
    const [mac] = await macs(1);
    expect(await pulling(mac ? [mac] : [])).toHaveLength(1);
    await mac?.begin(40);
    await fleet.restart();
    await mac?.agent.hello(mac.facts());
    expect(plan(id).progress).toMatchObject({ pulling: 1, bytes: 400 });
    expect(await pulling(mac ? [mac] : [])).toHaveLength(1);
    await mac?.finish();
    expect(plan(id).outcome).toBe("done");
  });

  test("a host that is silent for a moment is waited for, also after a restart; one that stays away is not", async () => {
    const [first, second] = await macs(2);
    const { id } = await prepull();
    await first?.finish();
    await fleet.restart();
    await first?.agent.hello(first.facts());
    expect(plan(id)).toMatchObject({ outcome: null, progress: { hosts: 1, there: 1, away: 1 } });
    await second?.agent.hello(second.facts());
    expect(plan(id)).toMatchObject({ outcome: null, progress: { hosts: 2, pulling: 1 } });
    await fleet.clock.pass(31_000);
    await first?.agent.heartbeat();
    expect(plan(id).outcome).toBe(null);
    await fleet.clock.pass(60_000);
    expect(plan(id)).toMatchObject({ outcome: "done", why: "The host has it." });
  });

  test("a host that fails gives its turn away, comes again after a pause, and is given up after five tries", async () => {
    fleet.close();
    fleet = await startFleet({ config: { pullsPerRegistry: 2, leaseSeconds: 1e6 } });
    const hosts = await macs(3);
    const { id } = await prepull();
    const [bad] = await pulling(hosts);
    if (!bad) throw new Error("none pulls");
    await bad.finish({ code: "registry_unreachable" });
    expect(await pulling(hosts)).not.toContain(bad);
    expect(plan(id).progress).toMatchObject({ pulling: 2, failed: 1, problems: [{ host: bad.name }] });
    for (const good of hosts.filter((host) => host !== bad)) await good.finish();
    for (let tries = 2; tries <= 5; tries += 1) {
      expect(plan(id).outcome).toBe(null);
      await fleet.clock.pass(3_600_000);
      expect((await pulling(hosts)).map(({ name }) => name)).toEqual([bad.name]);
      await bad.finish({ code: "registry_unreachable" });
    }
    expect(plan(id)).toMatchObject({
      outcome: "done",
      why: `2 of 3 hosts have it; ${bad.name}: registry_unreachable: so said the registry`,
    });
  });

  test("ends at once when the image does not exist", async () => {
    const hosts = await macs(3);
    const { id } = await prepull();
    await (await pulling(hosts))[0]?.finish({ code: "image_not_found" });
    expect(plan(id)).toMatchObject({ outcome: "failed", why: expect.stringContaining("image_not_found") });
    expect(await pulling(hosts)).toEqual([]);
  });

  test("a host without the room is not tried, and the reason is said", async () => {
    const [big, small] = await macs(2);
    await big?.tell({ images: [{ reference: XCODE, sizeGiB: 60 }] });
    await small?.tell({ diskFreeGiB: 20 });
    const { id } = await prepull();
    await settle();
    expect(await small?.work()).toMatchObject({ pull: [] });
    expect(plan(id).why).toMatch(/^1 of 2 hosts have it; mac-2: host_disk_full: It has 20 GiB free/);
  });

  test("what VMs fetch counts, and a host that fetches the image for a VM needs no turn", async () => {
    const hosts = await macs(3);
    const [a, b] = hosts;
    await a?.tell({ pulls: [{ reference: "ghcr.io/org/else:1", percent: 1 }] });
    await b?.tell({ pulls: [{ reference: XCODE, percent: 1 }] });
    const { id } = await prepull();
    expect((await pulling(hosts)).map(({ name }) => name)).toEqual(["mac-1", "mac-2"]);
    expect(plan(id).progress).toMatchObject({ waiting: 1 });
  });

  test("the same again is the one that stands; ended, nothing more is fetched for it", async () => {
    const hosts = await macs(2);
    const { id } = await prepull();
    expect((await prepull()).id).toBe(id);
    expect((await prepull(XCODE, { rack: "b" })).id).not.toBe(id);
    expect(await fleet.useCases.endImagePlan(ANA, id)).toMatchObject({ outcome: "ended" });
    expect(await pulling(hosts)).toEqual([]);
    expect(() => plan("nosuch")).toThrow("There is no image plan nosuch.");
  });
});

test("a pin stands: hosts that join or lose the image fetch it, until it is unpinned", async () => {
  const [mac] = await macs(1);
  const pin = await fleet.useCases.planImage(ANA, {
    kind: "pin",
    image: XCODE,
    hostLabels: {},
    reason: "every release needs it",
  });
  await mac?.finish();
  expect(plan(pin.id)).toMatchObject({
    outcome: null,
    reason: "every release needs it",
    progress: { there: 1 },
  });
  await mac?.tell({ images: [] });
  const late = await imageHost(fleet, "late");
  expect((await pulling(mac ? [mac, late] : [])).map(({ name }) => name)).toEqual(["mac-1", "late"]);
  await fleet.useCases.endImagePlan(ANA, pin.id);
  expect(await pulling([late])).toEqual([]);
  expect(actions().filter((action) => action.startsWith("image."))).toEqual(["image.pin", "image.unpin"]);
});

test("whatever hosts do, a registry never has more of them than it may, and every plan ends", async () => {
  const step = fc.record({
    host: fc.nat(5),
    does: fc.constantFrom("begin", "finish", "finish", "fail", "away", "back", "pass"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, atOnce) => {
        fleet.close();
        fleet = await startFleet({ config: { pullsPerRegistry: atOnce, leaseSeconds: 1e6 } });
        const hosts = await macs(6);
        const plans: ImagePlanRecord[] = [
          await prepull(XCODE),
          await prepull(OTHER),
          await prepull("ghcr.io/org/c:1"),
        ];
        const check = async () => {
          // Who is read first must not be read before what the step sets off has come to rest.
          await settle();
          const works = await Promise.all(hosts.map(({ work }) => work()));
          for (const registry of ["ghcr.io/", "ecr.example.com/"]) {
            const busy = works.filter(({ pull }) =>
              pull.some(({ reference }) => reference.startsWith(registry)),
            );
            expect(busy.length).toBeLessThanOrEqual(atOnce);
          }
          expect(works.every(({ pull }) => pull.length <= 1)).toBe(true);
        };
        for (const { host: number, does } of steps) {
          const host = hosts[number];
          if (does === "begin") await host?.begin(10);
          if (does === "finish") await host?.finish();
          if (does === "fail") await host?.finish({ code: "registry_unreachable" });
          if (does === "away") await fleet.useCases.cordonHost(ANA, host?.name ?? "", { reason: "away" });
          if (does === "back") await fleet.useCases.uncordonHost(ANA, host?.name ?? "");
          if (does === "pass") await fleet.clock.pass(600_000);
          await check();
        }
        for (const { name } of hosts) await fleet.useCases.uncordonHost(ANA, name);
        const isOpen = () => plans.some(({ id }) => plan(id).outcome === null);
        for (let round = 0; isOpen() && round < 40; round += 1) {
          for (const host of hosts) await host.finish();
          await check();
          await fleet.clock.pass(600_000);
        }
        expect(plans.map(({ id }) => plan(id).outcome)).toEqual(["done", "done", "done"]);
      },
    ),
    { numRuns: 8 },
  );
});
