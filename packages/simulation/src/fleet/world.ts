import type { Counts } from "../host/machine.ts";
import { createNetwork, type Network } from "../world/network.ts";
import { createRandom, type Random } from "../world/random.ts";
import { createTimeline, type Timeline } from "../world/timeline.ts";
import { createTrace, type Trace } from "../world/trace.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { noLoot, type Loot } from "./thieves.ts";

/** What everything in one simulated fleet shares. */
export interface World {
  seed: string;
  timeline: Timeline;
  random: Random;
  trace: Trace;
  network: Network;
  ledger: Ledger;
  loot: Loot;
  /** What processes have logged, at every level; the auditor reads and empties it. */
  said: string[];
  counts: Counts & { all(): ReadonlyMap<string, number> };
  /** Something that must not happen has happened; the run ends. */
  fail(violation: Violation): void;
}

/** A broken promise: which one, and how it showed. */
export interface Violation {
  invariant: string;
  message: string;
}

export function createWorld(seed: string, fail: (violation: Violation) => void): World {
  const timeline = createTimeline();
  const random = createRandom(seed);
  const counted = new Map<string, number>();
  return {
    seed,
    timeline,
    random,
    trace: createTrace(timeline),
    network: createNetwork(timeline, random.stream("network")),
    ledger: createLedger(),
    loot: noLoot(),
    said: [],
    counts: {
      count: (kind) => void counted.set(kind, (counted.get(kind) ?? 0) + 1),
      all: () => counted,
    },
    fail,
  };
}
