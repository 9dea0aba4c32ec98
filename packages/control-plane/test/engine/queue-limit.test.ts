import { CallError, createVmSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { callerOf, CI, startFleet } from "../support/fleet.ts";

const OTHERS = callerOf({ kind: "token", tokenId: "ci1", role: "ci", name: "others", team: "others" });
const input = createVmSchema.parse({ image: "ghcr.io/org/image:1" });

const refused = (call: Promise<unknown>) =>
  call.then(
    () => "accepted",
    (error: unknown) => (error instanceof CallError ? error.code : String(error)),
  );

test("a team whose queue is full is told so, others are not, and room in the queue is room again", async () => {
  const fleet = await startFleet({ config: { maxQueuedPerTeam: 3 } });
  const create = (caller = CI, key?: string) => fleet.useCases.createVm(caller, input, key);
  const first = await create(CI, "a key");
  const burst = await Promise.all(Array.from({ length: 5 }, () => refused(create())));
  expect(burst).toEqual(["accepted", "accepted", "queue_full", "queue_full", "queue_full"]);
  expect(await refused(create(OTHERS))).toBe("accepted");
  // What was accepted stays accepted: a retry is told of it.
  expect(await create(CI, "a key")).toMatchObject({ vm: { id: first.vm.id }, created: false });

  await fleet.useCases.endVm(CI, first.vm.id, {});
  expect(await refused(create())).toBe("accepted");
  expect(await refused(create())).toBe("queue_full");
  await fleet.restart();
  expect(await refused(create())).toBe("queue_full");
  await fleet.host("mac-1");
  await fleet.clock.pass(0);
  // Each of the two teams has one of its slots.
  expect(await refused(create())).toBe("accepted");
  expect(await refused(create())).toBe("queue_full");
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("the price of an accepted VM does not grow with the queue: no statement of it reads the queue", () => {
  const { db, close } = openMemoryDatabase();
  const plan = (statement: string) =>
    db
      .all<{ detail: string }>(`explain query plan ${statement}`)
      .map(({ detail }) => detail)
      .join("; ");
  expect(plan("select * from queues where team = 'a'")).toMatch(/^SEARCH queues USING INDEX/);
  expect(plan("select id, seq, spec from vms where state = 'queued' and id = 'a'")).toMatch(
    /^SEARCH vms USING/,
  );
  close();
});
