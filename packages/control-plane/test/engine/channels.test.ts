import type { AttemptErrorCode } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callerOf, CI, settle, startFleet } from "../support/fleet.ts";
import { imageHost } from "../support/image-hosts.ts";

const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });
const OLD = `ghcr.io/org/xcode@sha256:${"a".repeat(64)}`;
const NEW = `ghcr.io/org/xcode@sha256:${"b".repeat(64)}`;

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

/** One job after the other; an attempt with an image that `fails` names fails. */
async function jobs(
  count: number,
  fails: (image: string) => boolean,
  until = () => false,
  code: AttemptErrorCode = "start_failed",
) {
  const agent = await fleet.host(`mac-${count}`);
  for (let n = 0; n < count && !until(); n += 1) {
    const id = await fleet.create({ image: "channel:xcode-16" });
    const { image } = fleet.useCases.getVm(id);
    if (fails(image)) {
      const error = { code, message: "It does not boot.", facts: {} };
      await agent.report({ kind: "failed", vmId: id, attempt: 1, phase: "booting", error });
    } else await agent.bringUpAll();
    await fleet.useCases.endVm(CI, id, {});
    await agent.removeAll();
    await fleet.clock.pass(1000);
    await agent.heartbeat();
  }
}

const channel = () => fleet.useCases.getChannel("xcode-16");

test("a VM gets its channel's image once, whatever the channel becomes", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  const id = await fleet.create({ image: "channel:xcode-16" });
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: NEW });
  await fleet.restart();
  expect(fleet.useCases.getVm(id)).toMatchObject({ image: OLD, channel: "xcode-16" });
  const next = await fleet.create({ image: "channel:xcode-16" });
  expect(fleet.useCases.getVm(next).image).toBe(NEW);
  await fleet.useCases.removeChannel(ANA, "xcode-16");
  await expect(fleet.create({ image: "channel:xcode-16" })).rejects.toMatchObject({
    code: "channel_not_found",
  });
});

test("a create that is repeated gets its VM, though its channel is no longer there", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  const id = await fleet.create({ image: "channel:xcode-16" }, "key");
  await fleet.useCases.removeChannel(ANA, "xcode-16");
  expect(await fleet.create({ image: "channel:xcode-16" }, "key")).toBe(id);
});

test("what hosts fail at is not held against the image", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  await jobs(12, () => false);
  await fleet.useCases.rollOutChannel(ANA, "xcode-16", { image: NEW, samplesPerStep: 3 });
  await jobs(
    60,
    (image) => image === NEW,
    () => channel().rollout === null,
    "vm_limit_reached",
  );
  expect(channel().rollout).toMatchObject({ image: NEW, percent: 10 });
});

test("a bad image is rolled back by itself and says why", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  await jobs(12, () => false);
  await fleet.useCases.rollOutChannel(ANA, "xcode-16", { image: NEW, samplesPerStep: 3 });
  await fleet.restart();
  await jobs(
    150,
    (image) => image === NEW,
    () => channel().rollout === null,
  );
  expect(channel()).toMatchObject({ image: OLD, rollout: null });
  expect(channel().decisions[0]).toMatchObject({
    kind: "rolled_back",
    by: "control plane",
    image: NEW,
    percent: 0,
    why: expect.stringMatching(/^It fails more often: 3 of 3 attempts failed against 0 of \d+/),
  });
});

test("a good image goes on step by step until it is the channel's", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  await fleet.useCases.rollOutChannel(ANA, "xcode-16", { image: NEW, samplesPerStep: 3 });
  await jobs(
    200,
    () => false,
    () => channel().rollout === null,
  );
  expect(channel()).toMatchObject({ image: NEW, rollout: null });
  expect(channel().decisions.map(({ kind, percent }) => [kind, percent])).toEqual([
    ["completed", 100],
    ["step", 100],
    ["step", 50],
    ["rollout", 10],
    ["set", 100],
  ]);
});

test("somebody rolls back; without a rollout that is refused", async () => {
  await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
  await fleet.useCases.rollOutChannel(ANA, "xcode-16", { image: NEW, samplesPerStep: 3 });
  const after = await fleet.useCases.rollBackChannel(ANA, "xcode-16");
  expect(after).toMatchObject({ image: OLD, rollout: null });
  await expect(fleet.useCases.rollBackChannel(ANA, "xcode-16")).rejects.toMatchObject({
    code: "invalid_request",
  });
  const acts = fleet.useCases.auditPage({ order: "oldest", limit: 100 }).records.map(({ action }) => action);
  expect(acts.slice(1)).toEqual(["channel.set", "channel.rollout", "channel.rollback"]);
});

describe("the channel's hosts fetch the new image first", () => {
  const having = (reference: string) => ({ images: [{ reference, sizeGiB: 30 }] });

  async function rollOut() {
    const [a, b] = [await imageHost(fleet, "a", having(OLD)), await imageHost(fleet, "b", having(OLD))];
    const other = await imageHost(fleet, "other");
    await fleet.useCases.setChannel(ANA, "xcode-16", { image: OLD });
    const { rollout } = await fleet.useCases.rollOutChannel(ANA, "xcode-16", {
      image: NEW,
      samplesPerStep: 3,
    });
    expect(rollout).toMatchObject({ percent: 0, prepull: expect.any(String) });
    const planId = rollout?.prepull ?? "";
    return { a, b, other, plan: () => fleet.useCases.getImagePlan(planId) };
  }

  test("before any VM is shifted to it, also over a restart; those without the old one do not", async () => {
    const { a, b, other, plan } = await rollOut();
    expect((await a.work()).pull).toMatchObject([{ reference: NEW }]);
    expect((await other.work()).pull).toEqual([]);
    await a.finish();
    await fleet.restart();
    for (const host of [a, b]) await host.agent.hello(host.facts());
    const ids = await Promise.all(
      Array.from({ length: 30 }, () => fleet.create({ image: "channel:xcode-16" })),
    );
    expect(ids.map((id) => fleet.useCases.getVm(id).image)).toEqual(ids.map(() => OLD));
    expect(channel().rollout?.percent).toBe(0);
    await b.finish();
    expect(plan()).toMatchObject({ kind: "channel", outcome: "done", why: "All 2 hosts have it." });
    expect(channel().rollout).toMatchObject({ image: NEW, percent: 10, prepull: null });
    expect(channel().decisions.map(({ kind, percent, why }) => [kind, percent, why])).toEqual([
      ["step", 10, "All 2 hosts have it."],
      ["rollout", 0, "Asked for. The channel's hosts fetch it first."],
      ["set", 100, "Asked for."],
    ]);
  });

  test("one that no host can fetch is rolled back before any VM had it, and says why", async () => {
    const { a } = await rollOut();
    await a.finish({ code: "image_not_found" });
    expect(channel()).toMatchObject({ image: OLD, rollout: null });
    expect(channel().decisions[0]).toMatchObject({
      kind: "rolled_back",
      percent: 0,
      why: "It could not be fetched: a: image_not_found: so said the registry",
    });
  });

  test("rolled back, set or removed meanwhile, nothing more is fetched", async () => {
    const { a, plan } = await rollOut();
    await fleet.useCases.rollBackChannel(ANA, "xcode-16");
    expect(plan()).toMatchObject({ outcome: "ended" });
    expect((await a.work()).pull).toEqual([]);
    await fleet.useCases.rollOutChannel(ANA, "xcode-16", { image: NEW, samplesPerStep: 3 });
    expect((await a.work()).pull).toHaveLength(1);
    await fleet.useCases.removeChannel(ANA, "xcode-16");
    expect((await a.work()).pull).toEqual([]);
    expect(fleet.useCases.listImagePlans().every(({ outcome }) => outcome === "ended")).toBe(true);
  });

  test("who cancels the pre-pull has the rollout begin at once", async () => {
    await rollOut();
    await fleet.useCases.endImagePlan(ANA, channel().rollout?.prepull ?? "");
    await settle();
    expect(channel().rollout).toMatchObject({ percent: 10 });
    expect(channel().decisions[0]?.why).toBe("Ended by token ana (ana0).");
  });
});
