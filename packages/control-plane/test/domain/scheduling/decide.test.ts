import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { couldTake } from "../../../src/domain/explain/fits-now.ts";
import { decide, type FleetView } from "../../../src/domain/scheduling/decide.ts";
import { demandOn, misfit, type HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import type { Request } from "../../../src/domain/scheduling/request.ts";
import type { Share } from "../../../src/domain/scheduling/shares.ts";
import { AGEING_MS, IMAGE, need, request, room, viewOf } from "./rooms.ts";

const MOST = 10_000;

const labels = fc.record({ zone: fc.constantFrom("a", "b") }, { requiredKeys: [] });
const anyRoom = (hostId: number): fc.Arbitrary<HostRoom> =>
  fc
    .record({
      labels,
      images: fc
        .subarray([IMAGE, "x/b:1"])
        .map((images) => new Map(images.map((image): [string, number] => [image, 40]))),
      freeSlots: fc.subarray([0, 1]),
      cpu: fc.constantFrom(8, 12),
      freeCpu: fc.constantFrom(4, 8),
      freeMemoryMiB: fc.constantFrom(8192, 16_384),
      diskFreeGiB: fc.constantFrom(20, 300),
      isSuspect: fc.boolean(),
      isKept: fc.boolean(),
      suspectImages: fc.subarray([IMAGE]).map((images) => new Set(images)),
    })
    .map((changed) => room(hostId, changed));
const anyRequest = (seq: number): fc.Arbitrary<Request> =>
  fc
    .record({
      team: fc.constantFrom("a", "b", "c"),
      priority: fc.constantFrom("release", "default", "batch"),
      since: fc.integer({ min: 0, max: 3 * AGEING_MS }),
      triedHosts: fc.subarray([1, 2]),
      failedAt: fc.constant(null),
      need: fc.record({
        os: fc.constantFrom("macos" as const, "macos" as const, "linux" as const),
        image: fc.constantFrom(IMAGE, "x/b:1"),
        cpu: fc.constantFrom(null, 4, 8, 12),
        memoryMiB: fc.constantFrom(null, 8192),
        hostLabels: labels,
        preferredHostLabels: labels,
        notOn: fc.subarray([1, 2]),
      }),
    })
    .map((changed) => request(seq, changed));
const several = <T>(most: number, one: (index: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc
    .integer({ min: 0, max: most })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, index) => one(index + 1))));
const fleet = fc.record({
  rooms: several(5, anyRoom),
  requests: several(10, anyRequest),
  cap: fc.constantFrom(null, 0, 1, 2),
  reserved: fc.integer({ min: 0, max: 2 }),
});

const classesWith = (reserved: number) => [
  { name: "release", reserved },
  { name: "default", reserved: 0 },
  { name: "batch", reserved: 0 },
];

describe("placement", () => {
  test("a slot is given once, free before, and what is placed fits; no cap is passed", () => {
    fc.assert(
      fc.property(fleet, ({ rooms, requests, cap, reserved }) => {
        const view = viewOf(rooms, requests, { teams: { a: { cap } }, classes: classesWith(reserved) });
        const placements = decide(view, MOST);
        expect(new Set(placements.map(({ vmId }) => vmId)).size).toBe(placements.length);
        for (const host of rooms) {
          const here = placements.filter(({ hostId }) => hostId === host.hostId);
          const slots = here.flatMap(({ slot }) => slot ?? []);
          expect(new Set(slots).size).toBe(slots.length);
          expect(slots.every((slot) => host.freeSlots.includes(slot))).toBe(true);
          const demands = here.map(({ vmId }) => demandOn(host, needOfVm(requests, vmId)));
          expect(demands.reduce((sum, { cpu }) => sum + cpu, 0)).toBeLessThanOrEqual(
            Math.max(0, host.freeCpu),
          );
          for (const { vmId } of here) expect(misfit(needOfVm(requests, vmId), host, 40)).not.toBe("labels");
        }
        const ofA = placements.filter(({ vmId, slot }) => slot !== null && teamOf(requests, vmId) === "a");
        if (cap !== null) expect(ofA.length).toBeLessThanOrEqual(cap);
      }),
    );
  });

  test("work-conserving: nothing is left waiting beside a host that takes it", () => {
    fc.assert(
      fc.property(fleet, ({ rooms, requests, cap }) => {
        const view = viewOf(rooms, requests, { teams: { a: { cap } } });
        decide(view, MOST);
        for (const line of view.queue.lines()) {
          const capped = line.need.os === "macos" && line.team === "a" && isAtCap(view, "a", cap);
          if (capped) continue;
          for (const left of view.rooms.all())
            expect(misfit(line.need, left, view.rooms.imageGiB(line.need))).toBeDefined();
        }
      }),
    );
  });

  test("the index finds what a look at every host finds", () => {
    fc.assert(
      fc.property(fleet, ({ rooms, requests }) => {
        const view = viewOf(rooms, []);
        for (const { need: asked, triedHosts } of requests) {
          const fitting = rooms.filter((one) => !misfit(asked, one, view.rooms.imageGiB(asked)));
          const found = view.rooms.find(asked, triedHosts);
          expect(found === undefined).toBe(fitting.length === 0);
          if (!found) continue;
          const isTried = (one: HostRoom) => triedHosts.includes(one.hostId);
          if (isTried(found))
            expect(fitting.filter((one) => !isTried(one) && isSound(one, asked.image))).toEqual([]);
          const better = fitting.filter((one) => !isTried(one) && isSound(one, asked.image));
          if (better.length > 0) {
            expect(isSound(found, asked.image)).toBe(true);
            if (better.some(({ images }) => images.has(asked.image)))
              expect(found.images.has(asked.image)).toBe(true);
          }
        }
      }),
    );
  });

  test("a host where it failed and that has the image is better than one of its kind that has no disk for it", () => {
    const rooms = [
      room(1, { images: new Map([[IMAGE, 40]]), diskFreeGiB: 20 }),
      room(2, { diskFreeGiB: 20 }),
    ];
    expect(decide(viewOf(rooms, [request(1, { triedHosts: [1] })]), MOST)).toEqual([
      { vmId: "vm1", hostId: 1, slot: 0 },
    ]);
  });

  test("some host could take it exactly when one of those that it is not kept off carries the labels and is large enough", () => {
    fc.assert(
      fc.property(fleet, fc.subarray([1, 2, 3]), ({ rooms, requests }, notOn) => {
        const view = viewOf(rooms, []);
        for (const { need: asked } of requests) {
          const others = rooms.filter(({ hostId }) => !notOn.includes(hostId));
          expect(view.rooms.couldTake(asked, notOn)).toBe(others.some((one) => couldTake(one, asked)));
        }
      }),
    );
  });

  test("a VM that asks for the whole Mac gets the whole Mac, and nobody beside it", () => {
    const whole = { cpu: 8, memoryMiB: 16_384 };
    const alone = viewOf([room(1)], [request(1, { need: whole }), request(2), request(3)]);
    expect(decide(alone, MOST)).toEqual([{ vmId: "vm1", hostId: 1, slot: 0 }]);
    const taken = viewOf(
      [room(1, { freeSlots: [1], freeCpu: 4, freeMemoryMiB: 8192 })],
      [request(1, { need: whole })],
    );
    expect(decide(taken, MOST)).toEqual([]);
    // Two that name no size share it.
    expect(decide(viewOf([room(1)], [request(1), request(2)]), MOST)).toHaveLength(2);
  });

  test.each([
    ["has the image", room(2, { images: new Map([[IMAGE, 40]]), freeSlots: [1] }), {}],
    ["fetches the image already", room(2, { arriving: new Set([IMAGE]), freeSlots: [1] }), {}],
    ["carries what is preferred", room(2, { labels: { disk: "fast" }, freeSlots: [1] }), {}],
    ["has not failed before", room(2, { freeSlots: [1] }), { isSuspect: true }],
    ["has not failed with the image", room(2, { freeSlots: [1] }), { suspectImages: new Set([IMAGE]) }],
    ["has more free slots", room(2), { freeSlots: [1] }],
  ])("a host that %s is taken first", (_what, better, changed) => {
    const asked = request(1, { need: { preferredHostLabels: { disk: "fast" } } });
    expect(decide(viewOf([room(1, changed), better], [asked]), MOST)[0]?.hostId).toBe(2);
    expect(decide(viewOf([better, room(1, changed)], [asked]), MOST)[0]?.hostId).toBe(2);
  });

  test("a host where the VM failed is taken only when no other fits", () => {
    const again = request(1, { triedHosts: [1] });
    expect(decide(viewOf([room(1), room(2, { freeSlots: [0] })], [again]), MOST)[0]?.hostId).toBe(2);
    expect(decide(viewOf([room(1)], [again]), MOST)[0]?.hostId).toBe(1);
  });

  test("of hosts that are equally good always the one with the lowest id is taken, whatever happened before", () => {
    const hosts = [room(1), room(2, { cpu: 12, freeCpu: 12 }), room(3, { diskFreeGiB: 200 })];
    fc.assert(
      fc.property(fc.shuffledSubarray(hosts, { minLength: 2 }), (some) => {
        const lowest = Math.min(...some.map(({ hostId }) => hostId));
        expect(decide(viewOf(some, [request(1)]), MOST)[0]?.hostId).toBe(lowest);
      }),
    );
  });

  test("packed, the fullest host that fits is taken", () => {
    const view = viewOf([room(1), room(2, { freeSlots: [1] })], [request(1)], { layout: "pack" });
    expect(decide(view, MOST)[0]?.hostId).toBe(2);
  });

  test("a disk that cannot hold the image takes the VM only where the image is", () => {
    const known = room(1, { images: new Map([[IMAGE, 90]]), diskFreeGiB: 20 });
    const view = viewOf([known, room(2, { diskFreeGiB: 60 })], [request(1), request(2), request(3)]);
    expect(decide(view, MOST).map(({ hostId }) => hostId)).toEqual([1, 1]);
  });

  test("a queue of thousands that fits nowhere is looked at once, not VM by VM", () => {
    const nowhere = Array.from({ length: 5000 }, (_, index) =>
      request(index + 1, { need: { hostLabels: { nobody: "has" } } }),
    );
    const view = viewOf([room(1)], [...nowhere, request(6000)]);
    const { find } = view.rooms;
    let looks = 0;
    view.rooms.find = (...asked) => {
      looks += 1;
      return find(...asked);
    };
    expect(decide(view, MOST)).toHaveLength(1);
    expect(looks).toBe(2);
  });
});

describe("shares", () => {
  const queueOf = (...counts: [team: string, n: number][]) => {
    let seq = 0;
    return counts.flatMap(([team, n]) => Array.from({ length: n }, () => request((seq += 1), { team })));
  };
  const macs = (n: number) => Array.from({ length: n }, (_, index) => room(index + 1));
  const tally = (view: FleetView, ...teams: string[]) =>
    Object.fromEntries(teams.map((team) => [team, view.held.ofTeam(team)]));

  test("slots are shared by weight, however much one team asks for", () => {
    const view = viewOf(macs(6), queueOf(["flood", 1000], ["b", 20], ["c", 20]), {
      teams: { c: { weight: 2 } },
    });
    decide(view, MOST);
    expect(tally(view, "flood", "b", "c")).toEqual({ flood: 3, b: 3, c: 6 });
  });

  test("what is guaranteed comes first; what nobody uses is lent", () => {
    const lent = viewOf(macs(4), queueOf(["a", 100]), { teams: { b: { guaranteed: 6 } } });
    decide(lent, MOST);
    expect(tally(lent, "a", "b")).toEqual({ a: 8, b: 0 });
    const both = viewOf(macs(4), queueOf(["a", 100], ["b", 100]), { teams: { b: { guaranteed: 6 } } });
    decide(both, MOST);
    expect(tally(both, "a", "b")).toEqual({ a: 1, b: 7 });
  });

  test("slots that are kept for a class are left to it", () => {
    const view = viewOf(macs(2), [...queueOf(["a", 10]), request(50, { team: "b", priority: "release" })], {
      classes: classesWith(2),
    });
    decide(view, MOST);
    expect([view.held.ofClass("default"), view.held.ofClass("release")]).toEqual([2, 1]);
  });

  test("order inside a class of a team is the order of acceptance", () => {
    fc.assert(
      fc.property(several(20, anyRequest), (requests) => {
        const like = requests.map((one) => ({ ...one, since: one.seq, need: need(), triedHosts: [] }));
        const view = viewOf([room(1), room(2), room(3)], like);
        const placed = decide(view, MOST).map(({ vmId }) => Number(vmId.slice(2)));
        const kinds = Map.groupBy(placed, (seq) => {
          const one = like.find((candidate) => candidate.seq === seq);
          return `${one?.team} ${one?.priority}`;
        });
        for (const seqs of kinds.values()) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        for (const [kind, seqs] of kinds) {
          const waiting = like.filter(
            (one) => `${one.team} ${one.priority}` === kind && !seqs.includes(one.seq),
          );
          for (const { seq } of waiting) expect(seq).toBeGreaterThan(Math.max(...seqs));
        }
      }),
    );
  });

  /** A fleet that runs: VMs of a length come and go, and slots are given as they become free. */
  function run(
    asked: readonly Request[],
    {
      slots,
      length,
      teams = {},
      until,
    }: { slots: number; length: number; teams?: Record<string, Partial<Share>>; until: number },
  ): Map<string, number> {
    const view = viewOf(macs(slots / 2), [], { teams });
    const started = new Map<string, number>();
    const running: { endsAt: number; hostId: number; slot: number; of: Request }[] = [];
    const byId = new Map(asked.map((one) => [one.vmId, one]));
    const coming = asked.toSorted((a, b) => a.since - b.since);
    const times = [...new Set(coming.map(({ since }) => since))];
    for (let now = 0; now <= until; now = nextOf(times, running, now)) {
      for (const done of running.filter(({ endsAt }) => endsAt <= now)) {
        running.splice(running.indexOf(done), 1);
        const host = [...view.rooms.all()].find(({ hostId }) => hostId === done.hostId) ?? room(done.hostId);
        const demand = demandOn(host, done.of.need);
        view.rooms.put({
          ...host,
          freeSlots: [...host.freeSlots, done.slot],
          freeCpu: host.freeCpu + demand.cpu,
          freeMemoryMiB: host.freeMemoryMiB + demand.memoryMiB,
        });
        view.held.set(
          done.hostId,
          running.filter(({ hostId }) => hostId === done.hostId).map(({ of }) => of),
        );
      }
      view.queue.unpark(() => true);
      while (coming[0] && coming[0].since <= now) view.queue.put(coming.shift() as Request);
      for (const { vmId, hostId, slot } of decide(view, MOST)) {
        const of = byId.get(vmId) as Request;
        started.set(vmId, now);
        running.push({ endsAt: now + length, hostId, slot: slot ?? 0, of });
      }
      if (running.length === 0 && coming.length === 0) break;
    }
    return started;
  }

  test("nothing starves: what is least urgent starts though urgent ones never end coming", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (minutes) => {
        const length = minutes * 60_000;
        const urgent = Array.from({ length: 400 }, (_, index) =>
          request(index + 2, { priority: "release", since: Math.floor((index * length) / 2) }),
        );
        const batch = request(1, { priority: "batch", since: 0 });
        const started = run([batch, ...urgent], { slots: 2, length, until: 200 * length });
        expect(started.get("vm1")).toBeLessThanOrEqual(2 * AGEING_MS + 2 * length);
      }),
      { numRuns: 20 },
    );
  });

  test("a guaranteed share is reached within one VM's length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 2 }), (guaranteed, late) => {
        const length = 600_000;
        const flood = queueOf(["flood", 200]).map((one) => ({ ...one, since: 0 }));
        const from = Math.round(length * (late + 0.5));
        const ours = Array.from({ length: guaranteed }, (_, index) =>
          request(1000 + index, { team: "ours", since: from }),
        );
        const started = run([...flood, ...ours], {
          slots: 8,
          length,
          teams: { ours: { guaranteed } },
          until: 10 * length,
        });
        for (const { vmId } of ours)
          expect((started.get(vmId) ?? Infinity) - from).toBeLessThanOrEqual(length);
      }),
    );
  });
});

const nextOf = (times: readonly number[], running: readonly { endsAt: number }[], now: number): number =>
  Math.min(
    ...times.filter((time) => time > now),
    ...running.map(({ endsAt }) => endsAt).filter((at) => at > now),
  );

const isSound = (one: HostRoom, image: string) => !one.isSuspect && !one.suspectImages.has(image);

const needOfVm = (requests: readonly Request[], vmId: string) => find(requests, vmId).need;
const teamOf = (requests: readonly Request[], vmId: string) => find(requests, vmId).team;

function find(requests: readonly Request[], vmId: string): Request {
  const found = requests.find((one) => one.vmId === vmId);
  if (!found) throw new Error(`${vmId} was not asked for`);
  return found;
}

const isAtCap = (view: FleetView, team: string, cap: number | null) =>
  cap !== null && view.held.ofTeam(team) >= cap;
