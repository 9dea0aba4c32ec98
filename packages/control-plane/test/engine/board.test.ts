import * as fc from "fast-check";
import type { Board, BoardHost } from "@tartfleet/shared";
import { afterEach, describe, expect, it } from "vitest";
import { CI, settle, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
const fleets: Fleet[] = [];
afterEach(() => {
  for (const fleet of fleets.splice(0)) fleet.close();
});

async function start(options: Parameters<typeof startFleet>[0] = {}) {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

/** Somebody who looks at the board: the messages, and what they add up to. */
function watch(fleet: Fleet, team: string | null = null) {
  const stop = new AbortController();
  const messages: Board[] = [];
  const hosts = new Map<string, BoardHost>();
  const over = (async () => {
    for await (const board of fleet.useCases.watchFleet(team, stop.signal)) {
      messages.push(board);
      for (const host of board.hosts) hosts.set(host.name, host);
      for (const name of board.removed) hosts.delete(name);
    }
  })();
  return {
    messages,
    hosts,
    latest: () => messages.at(-1)?.summary,
    close: () => (stop.abort(), over),
  };
}

const slotsOf = (board: Board) =>
  board.hosts.map(({ slots }) => slots.map(({ state }) => state).join(" ")).join(", ");

describe("the board", () => {
  it("says of every slot what it is", async () => {
    const fleet = await start();
    const mac = await fleet.host("mac-1");
    await fleet.host("mac-2", { phantomSlots: 1 });
    const first = await fleet.create({ name: "first" });
    await mac.bringUpAll();
    expect(slotsOf(fleet.useCases.fleetBoard(null))).toBe("busy free, free phantom");
    expect(fleet.useCases.fleetBoard(null).hosts[0]?.slots[0]?.vm).toEqual({
      id: first,
      name: "first",
      team: "default",
      image: "ghcr.io/org/image:1",
      state: "ready",
    });
    await fleet.useCases.cordonHost(CI, "mac-1", { reason: "a look at its fan" });
    await fleet.useCases.endVm(CI, first, {});
    const board = fleet.useCases.fleetBoard(null);
    expect(slotsOf(board)).toBe("draining cordoned, free phantom");
    expect(board.hosts[0]).toMatchObject({
      condition: "cordoned",
      by: "person",
      reason: "a look at its fan",
    });
    expect(board.summary.slots).toEqual({
      total: 4,
      busy: 0,
      warm: 0,
      draining: 1,
      held: 0,
      free: 1,
      phantom: 1,
      unreachable: 0,
      cordoned: 1,
    });
    await fleet.clock.pass(60_000);
    expect(slotsOf(fleet.useCases.fleetBoard(null))).toBe("unreachable unreachable, unreachable unreachable");
    expect(fleet.useCases.fleetBoard(null).summary.silentHosts).toBe(2);
  });

  it("tells a pool's VM from one that somebody works with", async () => {
    const fleet = await start();
    const mac = await fleet.host("mac-1");
    await fleet.pool("pre");
    await mac.bringUpAll();
    expect(slotsOf(fleet.useCases.fleetBoard(null))).toBe("warm free");
  });

  it("counts who waits, since when, and how VMs ended", async () => {
    const fleet = await start();
    const mac = await fleet.host("mac-1");
    const since = new Date(fleet.clock.now()).toISOString();
    const [one, two] = [await fleet.create(), await fleet.create()];
    await fleet.create();
    await fleet.clock.pass(20_000);
    expect(fleet.useCases.fleetBoard(null).summary.queue).toEqual({ depth: 1, oldestSince: since });
    expect(fleet.useCases.fleetBoard("other").summary.queue).toEqual({ depth: 0, oldestSince: null });
    await mac.bringUpAll();
    await mac.report({ kind: "run_ended", vmId: one ?? "", attempt: 1, cause: "guest_crashed", logTail: "" });
    await fleet.useCases.endVm(CI, two ?? "", {});
    await settle();
    await mac.removeAll();
    expect(fleet.useCases.fleetBoard(null).summary.lastHour).toMatchObject({
      since,
      ended: 1,
      failed: 1,
      failures: [{ reason: "guest_crashed", count: 1 }],
    });
    expect(fleet.useCases.fleetBoard("other").summary.lastHour).toMatchObject({ ended: 0, failed: 0 });
    await fleet.clock.pass(2 * 3_600_000);
    expect(fleet.useCases.fleetBoard(null).summary.lastHour).toMatchObject({ ended: 0, failed: 0 });
  });

  it("names a team's own VMs alone to a token of that team", async () => {
    const fleet = await start();
    await fleet.host("mac-1");
    await fleet.create();
    const [host] = fleet.useCases.fleetBoard("other").hosts;
    expect(host?.slots[0]).toEqual({ slot: 0, state: "busy", vm: null });
    expect(fleet.useCases.fleetBoard("default").hosts[0]?.slots[0]?.vm).not.toBeNull();
  });
});

describe("who watches it", () => {
  it("is told all at first, and then only of hosts on which something happened", async () => {
    const fleet = await start();
    await fleet.host("mac-1");
    const other = await fleet.host("mac-2");
    const watcher = watch(fleet);
    await settle();
    expect(watcher.messages).toMatchObject([{ whole: true, removed: [] }]);
    await fleet.create();
    await fleet.clock.pass(1000);
    expect(watcher.messages.slice(1)).toMatchObject([{ whole: false, hosts: [{ name: "mac-1" }] }]);
    await fleet.useCases.removeHost(CI, "mac-2", {});
    await fleet.clock.pass(1000);
    expect(watcher.messages.at(-1)).toMatchObject({ hosts: [], removed: [other.host.principal.hostName] });
    await watcher.close();
  });

  it("is told at most twice a second, whatever happens", async () => {
    const fleet = await start();
    const mac = await fleet.host("mac-1");
    const watcher = watch(fleet);
    await settle();
    for (let round = 0; round < 100; round += 1) {
      const id = await fleet.create();
      await mac.bringUpAll();
      await fleet.useCases.endVm(CI, id, {});
      await settle();
      await mac.removeAll();
      await fleet.clock.pass(20);
    }
    expect(watcher.messages.length).toBeLessThanOrEqual(6);
    await watcher.close();
  });

  it("sees in every message what a whole look would show, whatever happens in between", async () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant("create" as const) }),
      fc.record({ kind: fc.constant("bringUp" as const), host: fc.nat(2) }),
      fc.record({ kind: fc.constant("end" as const), vm: fc.nat(9) }),
      fc.record({ kind: fc.constant("removeAll" as const), host: fc.nat(2) }),
      fc.record({ kind: fc.constant("cordon" as const), host: fc.nat(2) }),
      fc.record({ kind: fc.constant("uncordon" as const), host: fc.nat(2) }),
      fc.record({ kind: fc.constant("beat" as const), host: fc.nat(2) }),
      fc.record({ kind: fc.constant("hello" as const), host: fc.nat(2), phantomSlots: fc.nat(2) }),
      fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const fleet = await startFleet();
        const first = await fleet.host("mac-0");
        const macs = [first, await fleet.host("mac-1"), await fleet.host("mac-2")];
        const vms: string[] = [];
        const watcher = watch(fleet);
        await settle();
        const macOf = ({ host }: { host: number }) => macs[host] ?? first;
        for (const act of acts) {
          // A silent host's agent is refused until it says hello again: that changes nothing on the board.
          await doAct(fleet, act, macOf, vms).catch(() => {});
          await fleet.clock.pass(600);
          const { hosts, summary } = fleet.useCases.fleetBoard(null);
          const seen = [...watcher.hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
          expect(seen).toEqual(hosts);
          expect(watcher.latest()?.slots).toEqual(summary.slots);
          const { total, ...states } = summary.slots;
          expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(total);
          expect(total).toBe(6);
        }
        await watcher.close();
        fleet.close();
      }),
      { numRuns: 25 },
    );
  });
});

type Act =
  | { kind: "create" }
  | { kind: "bringUp" | "removeAll" | "cordon" | "uncordon" | "beat"; host: number }
  | { kind: "hello"; host: number; phantomSlots: number }
  | { kind: "end"; vm: number }
  | { kind: "pass"; seconds: number };
type Mac = Awaited<ReturnType<Fleet["host"]>>;

async function doAct(fleet: Fleet, act: Act, macOf: (about: { host: number }) => Mac, vms: string[]) {
  switch (act.kind) {
    case "create":
      vms.push(await fleet.create());
      return;
    case "bringUp":
      return macOf(act).bringUpAll();
    case "removeAll":
      return macOf(act).removeAll();
    case "beat":
      return macOf(act).heartbeat();
    case "hello":
      return macOf(act).hello({ phantomSlots: act.phantomSlots });
    case "cordon":
      await fleet.useCases.cordonHost(CI, macOf(act).host.principal.hostName, { reason: "test" });
      return;
    case "uncordon":
      await fleet.useCases.uncordonHost(CI, macOf(act).host.principal.hostName);
      return;
    case "end": {
      const id = vms[act.vm % Math.max(1, vms.length)];
      if (id !== undefined) await fleet.useCases.endVm(CI, id, {});
      return;
    }
    case "pass":
      return fleet.clock.pass(act.seconds * 1000);
    default:
      act satisfies never;
  }
}
