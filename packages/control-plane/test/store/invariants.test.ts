import { isTerminal, type Report } from "@tartfleet/shared";
import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { CI, callerOf, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;

/** What may happen to a fleet of two hosts, in any order, as the outside world sees it. */
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("create" as const),
      os: fc.constantFrom("macos", "macos", "linux"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const), vm: fc.nat(20) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("report" as const),
      host: fc.nat(1),
      vm: fc.nat(20),
      attempt: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom("booting", "ready", "failed", "run_ended", "gone", "gone"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("announce" as const),
      vm: fc.nat(20),
      attempt: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("hello" as const), host: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.constantFrom(1, 15, 95, 700) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

function reportOf(vmId: string, attempt: number, kind: string): Report {
  switch (kind) {
    case "failed":
      return {
        kind,
        vmId,
        attempt,
        phase: "cloning",
        error: { code: "clone_failed", message: "no", facts: {} },
      };
    case "run_ended":
      return { kind, vmId, attempt, cause: "guest_shutdown", logTail: "" };
    case "gone":
      return { kind, vmId, attempt };
    default:
      return { kind: "phase", vmId, attempt, phase: kind === "ready" ? "ready" : "booting" };
  }
}

async function act(fleet: Fleet, agents: readonly Agent[], ids: string[], what: Action): Promise<void> {
  switch (what.do) {
    case "create":
      ids.push(await fleet.create({ os: what.os as "macos" }));
      return;
    case "end": {
      const id = ids[what.vm % Math.max(1, ids.length)];
      if (id) await fleet.useCases.endVm(CI, id, {});
      return;
    }
    case "announce": {
      const id = ids[what.vm % Math.max(1, ids.length)];
      if (id) await fleet.useCases.endVm(callerOf({ kind: "vm", vmId: id, attempt: what.attempt }), id, {});
      return;
    }
    case "report": {
      const id = ids[what.vm % Math.max(1, ids.length)];
      const agent = agents[what.host];
      // An honest agent says "gone" only of what it was told to remove, but it may say it again and late.
      if (!id || !agent) return;
      const wanted = (await agent.assignments()).assignments.find(
        (a) => a.vmId === id && a.attempt === what.attempt,
      );
      if (what.kind === "gone" && wanted?.want === "running") return;
      await agent.report(reportOf(id, what.attempt, what.kind));
      return;
    }
    case "hello":
      await agents[what.host]?.hello();
      return;
    case "pass":
      await fleet.clock.pass(what.seconds * 1000);
      return;
    case "restart":
      await fleet.restart();
      return;
    default:
      what satisfies never;
  }
}

test("whatever happens: two on a host, one wanted attempt a VM, one end each, and everything comes to rest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const database = openMemoryDatabase();
      const fleet = await startFleet({ database });
      const agents = [await fleet.host("mac-1"), await fleet.host("mac-2")];
      const ids: string[] = [];
      const ends = new Map<string, string>();

      const check = async () => {
        const waiting = database.db.all(sql`select count(*) as n from vms where state = 'queued'`);
        expect(database.db.all(sql`select coalesce(sum(queued), 0) as n from queues`)).toEqual(waiting);
        const held = new Map<string, number>();
        for (const agent of agents) {
          const { assignments } = await agent.assignments();
          const macs = assignments.filter(({ os }) => os === "macos");
          expect(macs.length).toBeLessThanOrEqual(2);
          for (const { vmId, want } of assignments)
            if (want === "running") held.set(vmId, (held.get(vmId) ?? 0) + 1);
        }
        for (const id of ids) {
          const vm = fleet.useCases.getVm(id);
          expect(held.get(id) ?? 0).toBeLessThanOrEqual(1);
          if (isTerminal(vm.state)) expect(held.get(id)).toBeUndefined();
          const end = ends.get(id);
          if (end !== undefined) expect(`${vm.state} ${vm.end?.reason} ${vm.endedAt}`).toBe(end);
          else if (isTerminal(vm.state)) ends.set(id, `${vm.state} ${vm.end?.reason} ${vm.endedAt}`);
        }
        const { slots } = fleet.useCases.capacity();
        expect(slots.busy + slots.free + slots.phantom + slots.unreachable + slots.cordoned).toBe(
          slots.total,
        );
      };

      for (const what of actions) {
        // A fenced or silent agent says hello first, as the real one does.
        for (const agent of agents) await agent.heartbeat().catch(() => agent.hello());
        await act(fleet, agents, ids, what);
        for (const agent of agents) await agent.heartbeat().catch(() => agent.hello());
        await check();
      }

      for (const id of ids) await fleet.useCases.endVm(CI, id, {});
      for (const agent of agents) {
        await agent.hello();
        await agent.removeAll();
      }
      await check();
      expect(ids.filter((id) => !isTerminal(fleet.state(id)))).toEqual([]);
      expect(fleet.useCases.capacity().slots).toMatchObject({ busy: 0, free: 4 });
      expect(fleet.errors).toEqual([]);
      fleet.close();
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
