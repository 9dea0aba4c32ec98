import type { TagAnswer } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;
const REPOSITORY = "ghcr.io/org/image";
const TAG = `${REPOSITORY}:1`;

const isDigest = (digest: string): TagAnswer => ({ kind: "digest", digest });
const cannot = (code: "image_not_found" | "image_auth_failed" | "registry_unreachable"): TagAnswer => ({
  kind: "failed",
  code,
  message: `ghcr.io answered ${code}.`,
});

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Host = Awaited<ReturnType<Fleet["host"]>>;

const ABLE = { resolvesTags: true };
const imagesOn = async (host: Host) => (await host.assignments()).assignments.map(({ image }) => image);
const askedOf = async (host: Host) => (await host.assignments()).resolve;
const blockOf = (fleet: Fleet, id: string) => fleet.useCases.explainVm(id).waiting?.unblock;
const messages = (fleet: Fleet, id: string) =>
  fleet.useCases.vmEvents(id, 0, 100).map(({ message }) => message);

test("a VM waits until a host has told what its tag stands for, and runs that digest", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  const id = await fleet.create({ image: TAG });
  expect(fleet.state(id)).toBe("queued");
  expect(blockOf(fleet, id)).toEqual({
    what: "image",
    text: "its image's tag is being resolved by mac-1.",
  });
  expect(await host.assignments()).toMatchObject({ assignments: [], resolve: [TAG] });

  await host.resolved(TAG, isDigest(DIGEST));
  expect(await host.assignments()).toMatchObject({
    assignments: [{ vmId: id, image: `${REPOSITORY}@${DIGEST}` }],
  });
  expect(await askedOf(host)).toBeUndefined();
  expect(fleet.useCases.getVm(id)).toMatchObject({ image: TAG, imageDigest: DIGEST, state: "assigned" });
  expect(messages(fleet, id)).toContain(
    `${TAG} stands for ${DIGEST}, as mac-1 learned from its registry; that is what runs.`,
  );
  fleet.close();
});

test("who asks for the same tag meanwhile shares the question, and whoever comes soon after needs none", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  const [first, second] = [await fleet.create({ image: TAG }), await fleet.create({ image: TAG })];
  expect(await askedOf(host)).toEqual([TAG]);
  await host.resolved(TAG, isDigest(DIGEST));
  expect([fleet.state(first), fleet.state(second)]).toEqual(["assigned", "assigned"]);

  const third = await fleet.create({ image: TAG });
  expect(await askedOf(host)).toBeUndefined();
  expect(fleet.useCases.getVm(third).imageDigest).toBe(DIGEST);
  // What was learned is believed for a minute; it has moved since.
  await fleet.clock.pass(61_000);
  await host.heartbeat();
  const fourth = await fleet.create({ image: TAG });
  expect(await askedOf(host)).toEqual([TAG]);
  await host.resolved(TAG, isDigest(OTHER));
  expect(fleet.useCases.getVm(fourth).imageDigest).toBe(OTHER);
  expect(fleet.useCases.getVm(third).imageDigest).toBe(DIGEST);
  fleet.close();
});

test("all attempts of a VM run the digest that it got, whatever its tag stands for by then", async () => {
  const fleet = await startFleet({ config: { imageResolveTtlSeconds: 1 } });
  const hosts = [await fleet.host("mac-1", ABLE), await fleet.host("mac-2", ABLE)] as const;
  const id = await fleet.create({ image: TAG });
  for (const host of hosts) await host.resolved(TAG, isDigest(DIGEST));
  await fleet.clock.pass(2000);
  const failed = async (host: Host) =>
    host.report({
      kind: "failed",
      vmId: id,
      attempt: 1,
      phase: "booting",
      error: { code: "guest_unreachable", message: "It does not answer.", facts: {} },
    });
  const [first, second] = fleet.useCases.getVm(id).host === "mac-1" ? hosts : [hosts[1], hosts[0]];
  await failed(first);
  expect(await imagesOn(second)).toEqual([`${REPOSITORY}@${DIGEST}`]);
  expect(fleet.useCases.getVm(id)).toMatchObject({ attempt: 2, imageDigest: DIGEST });
  fleet.close();
});

test("another host is asked when one has no access or does not answer; the one that knew is asked first again", async () => {
  const fleet = await startFleet({ config: { leaseSeconds: 300 } });
  const hosts = {
    "mac-1": await fleet.host("mac-1", ABLE),
    "mac-2": await fleet.host("mac-2", ABLE),
    "mac-3": await fleet.host("mac-3", ABLE),
  };
  const asked = async () => {
    const found = [];
    for (const [name, host] of Object.entries(hosts)) if (await askedOf(host)) found.push(name);
    return found;
  };
  const id = await fleet.create({ image: TAG });
  expect(await asked()).toEqual(["mac-1"]);
  await hosts["mac-1"].resolved(TAG, cannot("image_auth_failed"));
  expect(await asked()).toEqual(["mac-2"]);
  expect(blockOf(fleet, id)?.text).toBe(
    "its image's tag is being resolved by mac-2. mac-1: ghcr.io answered image_auth_failed.",
  );
  await fleet.clock.pass(10_000);
  expect(await asked()).toEqual(["mac-3"]);
  await hosts["mac-3"].resolved(TAG, isDigest(DIGEST));
  expect(fleet.useCases.getVm(id).imageDigest).toBe(DIGEST);

  await fleet.create({ image: "ghcr.io/org/another:1" });
  expect(await asked()).toEqual(["mac-3"]);
  fleet.close();
});

test("a late answer counts, and one of a host that was not asked does not", async () => {
  const fleet = await startFleet({ config: { leaseSeconds: 300 } });
  const [first, second] = [await fleet.host("mac-1", ABLE), await fleet.host("mac-2", ABLE)];
  const id = await fleet.create({ image: TAG });
  await second.resolved(TAG, isDigest(OTHER));
  expect(fleet.useCases.getVm(id).imageDigest).toBeNull();
  await fleet.clock.pass(10_000);
  expect(await askedOf(second)).toEqual([TAG]);
  await first.resolved(TAG, isDigest(DIGEST));
  expect(fleet.useCases.getVm(id).imageDigest).toBe(DIGEST);
  expect(await askedOf(second)).toBeUndefined();
  fleet.close();
});

test("a tag that its registry does not know ends the VM, and says who asked; the next create asks anew", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  const id = await fleet.create({ image: TAG });
  await host.resolved(TAG, cannot("image_not_found"));
  expect(fleet.useCases.getVm(id)).toMatchObject({
    state: "failed",
    attempt: 0,
    end: {
      reason: "image_not_found",
      message: `${TAG} does not exist: mac-1 asked its registry. ghcr.io answered image_not_found.`,
      error: { code: "image_not_found", facts: { host: "mac-1" } },
    },
  });
  await fleet.create({ image: TAG });
  expect(await askedOf(host)).toEqual([TAG]);
  fleet.close();
});

test("when no host can tell, the VM goes on with its tag and says why; so do others, without a wait", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  const id = await fleet.create({ image: TAG });
  await host.resolved(TAG, cannot("image_auth_failed"));
  expect(await imagesOn(host)).toEqual([TAG]);
  expect(messages(fleet, id)).toContain(
    `What ${TAG} stands for could not be learned: mac-1: ghcr.io answered image_auth_failed. It runs what the tag means on its host.`,
  );
  const next = await fleet.create({ image: TAG });
  expect(fleet.state(next)).toBe("assigned");
  expect(await askedOf(host)).toBeUndefined();
  fleet.close();
});

test("while no host is connected that can ask, a VM waits for one, half a minute at most", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  await fleet.clock.pass(31_000);
  const [first, second] = [
    await fleet.create({ image: TAG }),
    await fleet.create({ image: `${REPOSITORY}:2` }),
  ];
  expect(blockOf(fleet, first)?.text).toBe(
    "its image's tag is being resolved as soon as a host is connected that can.",
  );
  await fleet.useCases.endVm(CI, second, {});
  await fleet.clock.pass(20_000);
  await host.hello();
  expect(await askedOf(host)).toContain(TAG);
  await fleet.clock.pass(10_000);
  expect(await imagesOn(host)).toEqual([TAG]);
  // The answer comes too late for it, and is for nobody else.
  await host.resolved(TAG, isDigest(DIGEST));
  expect(fleet.useCases.getVm(first).imageDigest).toBeNull();
  expect(fleet.state(second)).toBe("deleted");
  // Nobody was asked for the second: whoever asks next waits for no older failure.
  await fleet.create({ image: `${REPOSITORY}:2` });
  expect(await askedOf(host)).toEqual([`${REPOSITORY}:2`]);
  fleet.close();
});

test("a question outlives a restart of the control plane", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1", ABLE);
  const id = await fleet.create({ image: TAG });
  await fleet.restart();
  expect(blockOf(fleet, id)?.what).toBe("image");
  await host.hello();
  expect(await askedOf(host)).toEqual([TAG]);
  await host.resolved(TAG, isDigest(DIGEST));
  expect(await imagesOn(host)).toEqual([`${REPOSITORY}@${DIGEST}`]);
  // It is known for this VM for good: nothing is asked after the next one.
  await fleet.restart();
  await host.hello();
  expect(await askedOf(host)).toBeUndefined();
  expect(fleet.useCases.getVm(id).imageDigest).toBe(DIGEST);
  fleet.close();
});

test("nothing is asked of old agents, of digests, of what a channel names by digest, nor when it is turned off", async () => {
  const fleet = await startFleet();
  const old = await fleet.host("mac-old");
  await fleet.create({ image: TAG });
  expect(await imagesOn(old)).toEqual([TAG]);
  const able = await fleet.host("mac-1", ABLE);
  await fleet.create({ image: `${REPOSITORY}@${DIGEST}` });
  expect(await askedOf(able)).toBeUndefined();
  fleet.close();

  const off = await startFleet({ config: { imageResolveTtlSeconds: 0 } });
  const host = await off.host("mac-1", ABLE);
  await off.create({ image: TAG });
  expect(await host.assignments()).toMatchObject({ assignments: [{ image: TAG }] });
  expect(await askedOf(host)).toBeUndefined();
  off.close();
});

test("a host that has the digest, under whatever name, is taken first", async () => {
  const fleet = await startFleet();
  const having = (reference: string, digest: string) => ({
    ...ABLE,
    images: [{ reference, sizeGiB: 40, digest }],
  });
  const stale = await fleet.host("mac-a", having(TAG, OTHER));
  const fresh = await fleet.host("mac-b", having(`${REPOSITORY}:nightly`, DIGEST));
  const id = await fleet.create({ image: TAG });
  await stale.resolved(TAG, isDigest(DIGEST));
  expect(fleet.useCases.getVm(id).host).toBe("mac-b");
  // Capacity counts by what the tag stands for, too: the other slot of mac-b, and neither of mac-a.
  expect(fleet.useCases.capacity({ image: TAG, hostLabels: undefined }).room).toMatchObject({
    startNow: 3,
    withImage: 1,
  });
  expect(await imagesOn(fresh)).toEqual([`${REPOSITORY}@${DIGEST}`]);
  fleet.close();
});
