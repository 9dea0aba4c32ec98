import { describe, expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { CI, startFleet } from "../support/fleet.ts";
import { always, seedPast } from "../support/past.ts";

const image = "ghcr.io/org/image:1";
const HAS_IT = { images: [{ reference: image, sizeGiB: 38 }] };

describe("peers §4 row 30: more is promised than there is room for, or an ended VM keeps its slot", () => {
  test("what capacity says could start now is what starts", async () => {
    const fleet = await startFleet();
    await fleet.host("mac-1", HAS_IT);
    await fleet.host("mac-2", { phantomSlots: 1 });
    await fleet.host("mac-3", { cpu: 2, diskFreeGiB: 10 });
    const room = (query = {}) => fleet.useCases.capacity({ image, hostLabels: undefined, ...query }).room;
    // mac-3 has no disk for the image; half of mac-2 is somebody else's.
    expect(room()).toMatchObject({ startNow: 3, withImage: 2, limitedBy: "hosts", frees: null });
    expect(room({ cpu: 8 })).toMatchObject({ startNow: 2, withImage: 1 });
    for (let left = 2; left >= 0; left -= 1) {
      expect(fleet.state(await fleet.create())).toBe("assigned");
      expect(room()?.startNow).toBe(left);
    }
    expect(fleet.state(await fleet.create())).toBe("queued");
    expect(room()?.waiting).toBe(1);
    fleet.close();
  });

  test("a slot is free in the transaction in which its VM ends, not before and not later", async () => {
    const fleet = await startFleet();
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.bringUpAll();
    const free = () => fleet.useCases.capacity().slots.free;
    await fleet.useCases.endVm(CI, id, {});
    expect([fleet.state(id), free()]).toEqual(["stopping", 1]);
    await mac.removeAll();
    expect([fleet.state(id), free()]).toEqual(["deleted", 2]);
    fleet.close();
  });

  test("what becomes free in the next quarter of an hour is told from how long runs take", async () => {
    const database = openMemoryDatabase();
    seedPast(database, { run: [...always(600), ...always(3600)], stop: always(10) });
    const fleet = await startFleet({ database });
    const mac = await fleet.host("mac-1", HAS_IT);
    await fleet.host("mac-2", { labels: { pool: "other" } });
    for (let vm = 0; vm < 4; vm += 1) await fleet.create();
    await mac.bringUpAll();
    const frees = (query = {}) =>
      fleet.useCases.capacity({ image, hostLabels: undefined, ...query }).room?.frees;
    const all = frees();
    expect(all).toMatchObject({ withinSeconds: 900, p50: 2 });
    expect(all?.expected).toBeCloseTo(2, 0);
    expect(all?.p90).toBeLessThan(2);
    expect(frees({ hostLabels: { pool: "other" } })?.expected).toBeCloseTo(1, 0);
    fleet.close();
  });
});
