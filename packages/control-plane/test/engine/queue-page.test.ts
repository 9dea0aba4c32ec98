import { afterEach, beforeEach, expect, it } from "vitest";
import { startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

it("shows the first of each line with why it waits, the longest wait first", async () => {
  await fleet.host("mac-1");
  await fleet.create();
  await fleet.create();
  const waits = await fleet.create();
  await fleet.clock.pass(1000);
  const asksMore = await fleet.create({ hostLabels: { xcode: "17" }, allowPending: true });
  await fleet.create();
  await fleet.clock.pass(1000);
  const page = fleet.useCases.queuePage(10, null);
  expect(page).toMatchObject({ total: 3, lines: 2 });
  expect(
    page.entries.map(({ vm, alike, explanation }) => [vm.id, alike, explanation.waiting?.unblock.what]),
  ).toEqual([
    [waits, 2, "slots"],
    [asksMore, 1, "never"],
  ]);
  expect(fleet.useCases.queuePage(1, null)).toMatchObject({ total: 3, lines: 2, entries: [{ alike: 2 }] });
  expect(fleet.useCases.queuePage(10, "other")).toEqual({ total: 0, lines: 0, entries: [] });
});
