import type { Board, BoardHost } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { joinBoards, noSlots } from "../../src/domain/board.ts";

const names = ["a", "b", "c", "d"];

function host(name: string, warnings: number): BoardHost {
  return {
    name,
    condition: "open",
    since: null,
    by: null,
    reason: null,
    labels: {},
    errors: 0,
    warnings,
    agentIsBehind: false,
    linuxVms: 0,
    slots: [],
  };
}

/** Each host at most once, changed or removed. */
const message = fc
  .array(fc.option(fc.record({ removed: fc.boolean(), warnings: fc.nat(9) }), { nil: undefined }), {
    minLength: names.length,
    maxLength: names.length,
  })
  .map((abouts): Board => {
    const changed = abouts.flatMap((about, index) => (about ? [{ ...about, name: names[index] ?? "" }] : []));
    return {
      whole: false,
      summary: {
        at: "2026-01-01T00:00:00.000Z",
        slots: noSlots(),
        queue: { depth: 0, oldestSince: null },
        wait: { p50Ms: null, p95Ms: null },
        lastHour: { since: "2026-01-01T00:00:00.000Z", ended: 0, failed: 0, failures: [] },
        silentHosts: 0,
      },
      hosts: changed.flatMap(({ removed, name, warnings }) => (removed ? [] : [host(name, warnings)])),
      removed: changed.flatMap(({ removed, name }) => (removed ? [name] : [])),
    };
  });

function apply(hosts: ReadonlyMap<string, BoardHost>, board: Board): Map<string, BoardHost> {
  const after = new Map(hosts);
  for (const changed of board.hosts) after.set(changed.name, changed);
  for (const name of board.removed) after.delete(name);
  return after;
}

it("two messages joined say what they say one after the other", () => {
  const before = new Map(names.slice(0, 2).map((name) => [name, host(name, 0)]));
  fc.assert(
    fc.property(message, message, (older, newer) => {
      expect(apply(before, joinBoards(older, newer))).toEqual(apply(apply(before, older), newer));
    }),
  );
});
