import { afterEach, beforeEach, expect, test } from "vitest";
import { callerOf, settle, startFleet } from "../support/fleet.ts";
import { imageHost } from "../support/image-hosts.ts";

/* peers §4 row 13: caches that prune themselves delete what is needed, or the disk is full. */

const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });
const name = (what: string) => `ghcr.io/org/${what}:1`;
const image = (what: string, day: number) => ({
  reference: name(what),
  sizeGiB: 30,
  isOurs: true,
  lastUsedAt: `2026-11-0${day}T00:00:00.000Z`,
});
const FULL = { diskTotalGiB: 500, diskFreeGiB: 40 };

let fleet: Awaited<ReturnType<typeof startFleet>>;

beforeEach(async () => {
  fleet = await startFleet({ config: { pruneBelowPercent: 10, pruneUntilPercent: 20 } });
});

afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

const prune = (options: Partial<Parameters<typeof fleet.useCases.pruneImages>[1]> = {}) =>
  fleet.useCases.pruneImages(ANA, { dryRun: false, foreign: false, ...options });
const acts = (action: string) => fleet.useCases.auditPage({ order: "oldest", limit: 100, action }).records;

test("a disk that is nearly full is made room on: the least recently used go, until the upper mark", async () => {
  const mac = await imageHost(fleet, "mac-1", {
    images: [image("new", 5), image("old", 1), image("older", 2), image("middle", 3)],
  });
  expect((await mac.work()).remove).toEqual([]);
  await mac.tell(FULL);
  expect(await mac.remove()).toEqual([name("old"), name("older")]);
  expect(mac.images()).toEqual([name("new"), name("middle")]);
  expect((await mac.work()).remove).toEqual([]);
  expect(acts("image.pruned")).toMatchObject([
    {
      actor: "control plane",
      subject: "host mac-1",
      details: { images: `${name("old")} ${name("older")}`, freesGiB: 60, freeGiB: 40 },
    },
  ]);
});

test("never what the queue wants, what runs, what is pinned, what a channel has or what is pre-pulled", async () => {
  const images = ["queued", "runs", "pinned", "channel", "rolled-out", "planned", "people", "idle"];
  const mac = await imageHost(fleet, "mac-1", {
    labels: { rack: "b4" },
    images: images.map((what, n) => ({ ...image(what, n + 1), isOurs: what !== "people" })),
  });
  await imageHost(fleet, "mac-2");
  await fleet.create({ image: name("runs"), hostLabels: { rack: "b4" } });
  await fleet.create({ image: name("queued"), hostLabels: { rack: "b4" }, cpu: 12 });
  await fleet.useCases.planImage(ANA, {
    kind: "pin",
    image: name("pinned"),
    hostLabels: { rack: "b4" },
    reason: "releases",
  });
  await fleet.useCases.setChannel(ANA, "xcode", { image: name("channel") });
  await fleet.useCases.rollOutChannel(ANA, "xcode", { image: name("rolled-out"), samplesPerStep: 3 });
  await fleet.useCases.planImage(ANA, { kind: "prepull", image: name("planned"), hostLabels: {} });
  await mac.tell(FULL);
  expect(await mac.remove()).toEqual([name("idle")]);
  const [{ keep } = { keep: [] }] = await prune({ host: "mac-1", dryRun: true, untilFreePercent: 100 });
  expect(Object.fromEntries(keep.map(({ references, why }) => [references[0], why]))).toEqual({
    [name("queued")]: "a VM in the queue wants it",
    [name("runs")]: "a VM of this host has it",
    [name("pinned")]: "it is pinned",
    [name("channel")]: "channel xcode has it",
    [name("rolled-out")]: "channel xcode has it",
    [name("planned")]: "it is pre-pulled",
    [name("people")]: "not fetched by tartfleet",
  });
});

test("a VM that comes meanwhile takes its image back from the list of what is to go", async () => {
  const mac = await imageHost(fleet, "mac-1", { ...FULL, images: [image("old", 1), image("older", 2)] });
  expect((await mac.work()).remove.map(({ reference }) => reference)).toEqual([name("old"), name("older")]);
  await fleet.create({ image: name("older"), cpu: 64, allowPending: true });
  expect((await mac.work()).remove.map(({ reference }) => reference)).toEqual([name("old")]);
  await fleet.useCases.planImage(ANA, { kind: "pin", image: name("old"), hostLabels: {} });
  expect((await mac.work()).remove).toEqual([]);
});

test("what cannot be removed is not tried for ever, and nothing to remove is no reason to look all the time", async () => {
  const mac = await imageHost(fleet, "mac-1", { ...FULL, images: [image("old", 1)] });
  const [first] = (await mac.work()).remove;
  if (!first) throw new Error("nothing is to go");
  const failure = { work: "remove" as const, ...first, code: "tart_failed" as const, message: "busy" };
  await mac.tell({ imageFailures: [failure] });
  expect((await mac.work()).remove).toEqual([]);
  await mac.tell({ diskFreeGiB: 39, imageFailures: [] });
  expect((await mac.work()).remove).toEqual([]);
  await fleet.clock.pass(60_000);
  await mac.agent.hello(mac.facts());
  expect((await mac.work()).remove).toMatchObject([{ reference: name("old") }]);
});

test("a person sees what would go and what stays for what reason, and has it done", async () => {
  const mac = await imageHost(fleet, "mac-1", { images: [image("old", 1), image("new", 2)] });
  await fleet.host("old-agent");
  const dry = await prune({ dryRun: true, untilFreePercent: 65 });
  expect(dry).toMatchObject([
    {
      host: "mac-1",
      diskFreeGiB: 300,
      willBeFreeGiB: 330,
      remove: [{ references: [name("old")] }],
      keep: [{ references: [name("new")], why: "there is room enough" }],
    },
  ]);
  expect((await mac.work()).remove).toEqual([]);
  expect(await prune({ untilFreePercent: 65 })).toEqual(dry);
  expect(await mac.remove()).toEqual([name("old")]);
  expect(acts("image.prune")).toMatchObject([
    { actor: "token ana (ana0)", details: { hosts: 1, images: name("old"), untilFreePercent: 65 } },
  ]);
  expect(await prune()).toMatchObject([{ remove: [] }]);
  await expect(prune({ host: "mac-9" })).rejects.toMatchObject({ code: "host_not_found" });
});

test("what people fetched on that Mac goes only when it is meant", async () => {
  const mac = await imageHost(fleet, "mac-1", { images: [{ ...image("people", 1), isOurs: false }] });
  expect(await prune({ untilFreePercent: 100 })).toMatchObject([{ remove: [] }]);
  await prune({ untilFreePercent: 100, foreign: true });
  expect(await mac.remove()).toEqual([name("people")]);
});

test("an agent that is too old to be told is not told, and a host that falls silent is decided of anew", async () => {
  const mac = await imageHost(fleet, "mac-1", { ...FULL, images: [image("old", 1)] });
  expect((await mac.work()).remove).toHaveLength(1);
  await fleet.clock.pass(60_000);
  await mac.tell({});
  await settle();
  expect((await mac.work()).remove).toHaveLength(1);
  const old = await fleet.host("old", { ...FULL, images: [image("old", 1)] });
  expect((await old.assignments()).images).toBe(undefined);
});
