import { createRandom, type Random } from "../world/random.ts";

/** What a person does to hosts and teams. */
export type PersonAct =
  /** Drains a host, and lets it take VMs again after so long. */
  | { kind: "drain"; host: number; deadlineMs: number; endVms: boolean; ms: number }
  /** Takes a host out of the fleet, and enrols its machine again after so long. */
  | { kind: "remove_host"; host: number; force: boolean; awayMs: number }
  /** Says what a team may have of the slots. */
  | { kind: "set_share"; team: (typeof TEAMS)[number]; guaranteed: number; cap: number | null }
  /** Gives the channel an image at once, shifts its VMs to it step by step, or back. */
  | { kind: "channel"; what: "set" | "rollout" | "rollback"; image: number };

/** Teams that have tokens of their own. */
export const TEAMS = ["apps", "games"] as const;

const MINUTE = 60_000;

/** What the person of a seed does until `end`, by dice of their own: what else is done does not depend on it. */
export function personsPlan(seed: string, hosts: number, end: number): { at: number; action: PersonAct }[] {
  const random = createRandom(`${seed}/person`);
  const acts = Array.from({ length: random.pick([0, 0, 1, 2]) }, () => ({
    at: random.int(10_000, end),
    action: random.chance(0.6) ? drain(random, hosts) : removal(random, hosts),
  }));
  const dice = createRandom(`${seed}/shares`);
  const shares = Array.from({ length: dice.pick([0, 1, 3]) }, () => ({
    at: dice.int(0, end),
    action: share(dice),
  }));
  return [...acts, ...shares];
}

function share(random: Random): PersonAct {
  const guaranteed = random.int(0, 2);
  const cap = random.pick([null, guaranteed, guaranteed + 1]);
  return { kind: "set_share", team: random.pick(TEAMS), guaranteed, cap };
}

function drain(random: Random, hosts: number): PersonAct {
  const deadlineMs = random.pick([0, 20_000, MINUTE, 4 * MINUTE]);
  return {
    kind: "drain",
    host: random.int(1, hosts),
    deadlineMs,
    endVms: random.chance(0.4),
    ms: random.int(10_000, 8 * MINUTE),
  };
}

function removal(random: Random, hosts: number): PersonAct {
  return {
    kind: "remove_host",
    host: random.int(1, hosts),
    force: random.chance(0.7),
    awayMs: random.int(1000, 6 * MINUTE),
  };
}
