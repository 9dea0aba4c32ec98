import type { BoardHost, BoardSlot, BoardSummary } from "@tartfleet/shared";

export function aBoardVm(parts: Partial<NonNullable<BoardSlot["vm"]>>): NonNullable<BoardSlot["vm"]> {
  return {
    id: "0123456789abcdef",
    name: "vm-1",
    team: "default",
    image: "registry.example.com/macos:latest",
    state: "ready",
    ...parts,
  };
}

/** An open host with two free slots. */
export function aBoardHost(parts: Partial<BoardHost>): BoardHost {
  return {
    name: "mac-1",
    condition: "open",
    since: null,
    by: null,
    reason: null,
    labels: {},
    errors: 0,
    warnings: 0,
    agentIsBehind: false,
    linuxVms: 0,
    slots: [0, 1].map((slot) => ({ slot, state: "free", vm: null })),
    ...parts,
  };
}

interface SummaryParts {
  slots?: Partial<BoardSummary["slots"]>;
  queue?: BoardSummary["queue"];
  lastHour?: Omit<BoardSummary["lastHour"], "since">;
}

/** Of two free slots and nothing else. */
export function aSummary({ slots, queue, lastHour }: SummaryParts): BoardSummary {
  const none = { busy: 0, warm: 0, draining: 0, held: 0, phantom: 0, unreachable: 0, cordoned: 0 };
  return {
    at: "2026-03-01T12:00:00Z",
    slots: { ...none, free: 2, total: 2, ...(slots && { free: 0, ...slots }) },
    queue: queue ?? { depth: 0, oldestSince: null },
    wait: { p50Ms: null, p95Ms: null },
    lastHour: { since: "2026-03-01T11:00:00Z", ...(lastHour ?? { ended: 0, failed: 0, failures: [] }) },
    silentHosts: 0,
  };
}
