import { describe, expect, test } from "vitest";
import { startFleet } from "../support/fleet.ts";

describe("peers §4 row 5: a machine that is ready late or never", () => {
  test("one that hangs while it boots is replaced on another host, at most three times, and told why", async () => {
    const fleet = await startFleet({
      config: { bootTimeoutSeconds: 60, silentGraceSeconds: 3600, leaseSeconds: 3600 },
    });
    const macs = [await fleet.host("mac-1"), await fleet.host("mac-2"), await fleet.host("mac-3")];
    const id = await fleet.create();
    const hosts = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { host } = fleet.useCases.getVm(id);
      hosts.push(host);
      const mac = macs[Number(host?.slice(-1)) - 1];
      await mac?.report({ kind: "phase", vmId: id, attempt, phase: "booting" });
      await fleet.clock.pass(60_000);
      await mac?.removeAll();
    }
    expect(new Set(hosts)).toEqual(new Set(["mac-1", "mac-2", "mac-3"]));
    expect(fleet.useCases.getVm(id)).toMatchObject({
      state: "failed",
      end: { reason: "start_failed", error: { code: "phase_timeout" } },
    });
    expect(fleet.errors).toEqual([]);
    fleet.close();
  });

  test("a dead one is not counted as capacity, and says since when", async () => {
    const fleet = await startFleet();
    await fleet.host("mac-1");
    expect(fleet.useCases.capacity().slots).toMatchObject({ free: 2, unreachable: 0 });
    await fleet.clock.pass(31_000);
    expect(fleet.useCases.capacity().slots).toMatchObject({ free: 0, unreachable: 2 });
    expect(fleet.useCases.getHost("mac-1").unreachableSince).not.toBeNull();
    expect(fleet.state(await fleet.create())).toBe("queued");
    fleet.close();
  });
});
