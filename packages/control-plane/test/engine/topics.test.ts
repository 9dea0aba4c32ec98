import type { Topic } from "@tartfleet/shared";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CI, settle, startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
let stop: AbortController;
let told: Topic[][];
beforeEach(async () => {
  fleet = await startFleet();
  stop = new AbortController();
  told = [];
  void (async () => {
    for await (const { topics } of fleet.useCases.watchTopics(stop.signal)) told.push(topics);
  })();
  await settle();
});
afterEach(() => {
  stop.abort();
  fleet.close();
});

/** What is told of when that is done. */
async function topicsAfter(act: () => Promise<unknown>): Promise<Set<Topic>> {
  await fleet.clock.pass(2000);
  told.length = 0;
  await act();
  await fleet.clock.pass(2000);
  return new Set(told.flat());
}

it("tells of what people do, by what it changes", async () => {
  await fleet.host("mac-1");
  expect(await topicsAfter(() => fleet.useCases.createToken(CI, { role: "viewer", name: "v" }))).toEqual(
    new Set(["audit", "tokens"]),
  );
  expect(
    await topicsAfter(() => fleet.useCases.setTeam(CI, "ios", { guaranteed: 1, cap: null, weight: 1 })),
  ).toEqual(new Set(["audit", "teams"]));
  expect(
    await topicsAfter(() => fleet.useCases.setChannel(CI, "stable", { image: "ghcr.io/org/image:1" })),
  ).toContain("channels");
  expect(await topicsAfter(() => fleet.pool("pre"))).toContain("pools");
  expect(await topicsAfter(() => fleet.useCases.cordonHost(CI, "mac-1", { reason: "because" }))).toContain(
    "hosts",
  );
});

it("tells of what happens by itself, once a second at most", async () => {
  const mac = await fleet.host("mac-1");
  expect(await topicsAfter(() => fleet.create())).toEqual(new Set(["audit", "vms", "queue"]));
  expect(await topicsAfter(() => mac.bringUpAll())).toContain("vms");
  told.length = 0;
  for (let turn = 0; turn < 50; turn += 1) {
    await mac.hello();
    await fleet.clock.pass(20);
  }
  await fleet.clock.pass(1000);
  expect(told.length).toBeLessThanOrEqual(3);
  // Its lease runs out.
  expect(await topicsAfter(() => fleet.clock.pass(60_000))).toContain("hosts");
});

it("tells of no more than another minute of history while nothing happens", async () => {
  expect(await topicsAfter(async () => fleet.clock.pass(3_600_000))).toEqual(new Set(["history"]));
});
