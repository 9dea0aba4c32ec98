import { describe, expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

describe("peers §4 row 21: the second VM on a host is not used, or its resources do not fit", () => {
  test("two VMs that fit share a Mac; beside one that has the whole Mac none starts, and explain says so", async () => {
    const fleet = await startFleet();
    const mac = await fleet.host("mac-1");
    const both = [await fleet.create({ cpu: 4 }), await fleet.create({ cpu: 4 })];
    expect(both.map(fleet.state)).toEqual(["assigned", "assigned"]);
    for (const id of both) await fleet.useCases.endVm(CI, id, {});
    await mac.removeAll();

    const whole = await fleet.create({ cpu: 12 });
    const second = await fleet.create({ cpu: 2 });
    expect([whole, second].map(fleet.state)).toEqual(["assigned", "queued"]);
    expect(fleet.useCases.explainVm(second)).toMatchObject({
      summary: expect.stringContaining(
        "1 host has a free slot but not enough cores left; a VM there must end.",
      ),
      waiting: {
        unblock: { what: "cpu" },
        hosts: { groups: [{ reason: "cpu", names: ["mac-1"], text: "without 2 free cores" }] },
      },
    });
    await fleet.useCases.endVm(CI, whole, {});
    await mac.removeAll();
    expect(fleet.state(second)).toBe("assigned");
    fleet.close();
  });
});
