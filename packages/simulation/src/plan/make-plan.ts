import { createRandom, type Random } from "../world/random.ts";
import {
  DATABASE_FAULTS,
  HOST_FAULTS,
  IMAGE_WISHES,
  RUNNER_MODES,
  THEFTS,
  type Action,
  type Job,
  type Plan,
  type PlannedAction,
  type Who,
} from "./plan.ts";
import { channelPlan } from "./channels.ts";
import { personsPlan } from "./person.ts";
import { createWishes } from "./wishes.ts";

export interface PlanSize {
  hosts: number;
  /** Actions of the plan. */
  actions: number;
}

const MINUTE = 60_000;

/** What is done to the fleet of a seed. Each seed has its own leaning, so that some storms are of one kind. */
export function makePlan(seed: string, { hosts, actions }: PlanSize): Plan {
  const random = createRandom(`${seed}/plan`);
  const favourites = [random.pick(FAULTS), random.pick(FAULTS), random.pick(FAULTS)] as const;
  const isQuiet = random.chance(0.1);
  /** Between one action and the next, at most. */
  const paceMs = random.pick([20_000, 40_000, 90_000]);
  const withWishes = createWishes(seed);
  const channel = channelPlan(seed, (actions * paceMs) / 2);
  const planned: PlannedAction[] = [];
  let now = 5000;
  let jobs = 0;
  for (let made = 0; made < actions; made += 1) {
    now += random.int(0, paceMs);
    const roll = random.next();
    if (roll < 0.35 || jobs < 2) {
      jobs += 1;
      planned.push({
        at: now,
        action: { kind: "create", job: channel.wish(withWishes(makeJob(random, jobs, isQuiet))) },
      });
    } else if (roll < 0.42) {
      planned.push({ at: now, action: { kind: "client_ends", n: random.int(1, jobs) } });
    } else if (!isQuiet) {
      const kind = random.chance(0.5) ? random.pick(favourites) : random.pick(FAULTS);
      planned.push({ at: now, action: MAKERS[kind](random, hosts) });
    }
  }
  const calmAt = now + 10 * MINUTE;
  // By dice of their own: what else is done to a seed does not depend on it.
  const person = createRandom(`${seed}/cordons`);
  if (person.chance(0.4)) {
    const at = person.int(0, now);
    const cordon: Action = { kind: "cordon", host: host(person, hosts), ms: someTime(person) };
    planned.push({ at, action: cordon });
  }
  const looker = createRandom(`${seed}/holds`);
  for (let left = looker.pick([0, 0, 1, 4]); left > 0; left -= 1) {
    const hold: Action = { kind: "client_holds", n: looker.int(1, jobs), ms: MINUTE + someTime(looker) };
    planned.push({ at: looker.int(0, now), action: hold });
  }
  const keeper = createRandom(`${seed}/pools`);
  if (keeper.chance(0.4)) {
    const at = keeper.int(0, now);
    const minIdle = keeper.int(1, hosts + 1);
    const pool: Action = { kind: "pool", image: keeper.int(0, 2), minIdle, ms: 8 * someTime(keeper) };
    planned.push({ at, action: pool });
  }
  const images = createRandom(`${seed}/images`);
  if (images.chance(0.3)) {
    for (const wish of IMAGE_WISHES)
      planned.push({ at: images.int(0, now), action: { kind: "images", wish } });
  }
  planned.push(...personsPlan(seed, hosts, now), ...channel.acts.filter(({ at }) => at < now));
  planned.sort((a, b) => a.at - b.at);
  return { hosts, actions: planned, calmAt };
}

function makeJob(random: Random, n: number, isQuiet: boolean): Job {
  const mode = isQuiet || random.chance(0.5) ? "good" : random.pick(RUNNER_MODES);
  return {
    n,
    os: random.chance(0.85) ? "macos" : "linux",
    runner: random.chance(0.8) ? "github" : random.pick(["script", null]),
    ttlSeconds: random.chance(0.8) ? random.int(1200, 7200) : random.int(60, 600),
    mode,
    idleMs: random.chance(0.5) ? random.int(0, 5000) : random.int(0, 5 * MINUTE),
    jobMs: random.chance(0.3) ? random.int(1000, 10_000) : random.int(MINUTE, 15 * MINUTE),
  };
}

const FAULTS = [
  "crash",
  "crash",
  "stop_process",
  "cut",
  "cut",
  "reset",
  "half_open",
  "slow",
  "repeat_reports",
  "repeat_requests",
  "backup",
  "restore",
  "host_dies",
  "foreign_vm",
  "leaked_slot",
  "host_fault",
  "host_fault",
  "host_fault",
  "guest_crash",
  "clock_jump",
  "second_agent",
  "database_fault",
  "theft",
  "host_erased",
] as const satisfies [Action["kind"], ...Action["kind"][]];
type FaultKind = (typeof FAULTS)[number];

const someTime = (random: Random) =>
  Math.round(
    random.pick([3000, 10_000, 45_000, 2 * MINUTE, 5 * MINUTE, 8 * MINUTE]) * random.between(0.8, 1.2),
  );

const host = (random: Random, hosts: number) => random.int(1, hosts);

const who = (random: Random, hosts: number): Who =>
  random.chance(0.5) ? "control-plane" : host(random, hosts);

type Maker = (random: Random, hosts: number) => Action;

const MAKERS: Record<FaultKind, Maker> = {
  crash: (random, hosts) => ({
    kind: "crash",
    who: who(random, hosts),
    point: random.chance(0.7)
      ? { calls: random.int(1, 30), when: random.pick(["before", "within", "after"]) }
      : null,
    downMs: someTime(random),
    isReset: random.chance(0.8),
  }),
  stop_process: (random, hosts) => ({ kind: "stop_process", who: who(random, hosts), ms: someTime(random) }),
  cut(random, hosts) {
    const place = random.pick([
      `host-${host(random, hosts)}`,
      `host-${host(random, hosts)}`,
      `guests-${host(random, hosts)}`,
      "clients",
    ]);
    const [from, to] = random.chance(0.5) ? [place, "control-plane"] : ["control-plane", place];
    return { kind: "cut", from, to, bothWays: random.chance(0.5), ms: someTime(random) };
  },
  reset: (random, hosts) => ({ kind: "reset", host: host(random, hosts) }),
  half_open: (random, hosts) => ({ kind: "half_open", host: host(random, hosts) }),
  slow: (random, hosts) => ({
    kind: "slow",
    place: random.pick([`host-${host(random, hosts)}`, "control-plane", "clients"]),
    factor: random.int(10, 400),
    ms: someTime(random),
  }),
  repeat_reports: (random, hosts) => ({
    kind: "repeat_reports",
    host: host(random, hosts),
    ms: someTime(random),
  }),
  repeat_requests: (random) => ({ kind: "repeat_requests", ms: someTime(random) }),
  backup: () => ({ kind: "backup" }),
  restore: (random) => ({ kind: "restore", downMs: someTime(random) }),
  host_dies: (random, hosts) => ({
    kind: "host_dies",
    host: host(random, hosts),
    downMs: someTime(random),
    foreign: random.chance(0.3),
    losesJournal: random.chance(0.2),
  }),
  foreign_vm: (random, hosts) => ({ kind: "foreign_vm", host: host(random, hosts), ms: someTime(random) }),
  leaked_slot: (random, hosts) => ({ kind: "leaked_slot", host: host(random, hosts), ms: someTime(random) }),
  host_fault: (random, hosts) => ({
    kind: "host_fault",
    host: host(random, hosts),
    fault: random.pick(HOST_FAULTS),
    chance: random.pick([0.2, 0.5, 1]),
    ms: someTime(random),
  }),
  guest_crash: (random, hosts) => ({ kind: "guest_crash", host: host(random, hosts) }),
  clock_jump: (random, hosts) => ({
    kind: "clock_jump",
    who: who(random, hosts),
    ms: random.pick([-3_600_000, -5000, 5000, 60_000, 3_600_000]),
  }),
  second_agent: (random, hosts) => ({
    kind: "second_agent",
    host: host(random, hosts),
    ms: someTime(random),
  }),
  database_fault: (random) => ({
    kind: "database_fault",
    fault: random.pick(DATABASE_FAULTS),
    ms: someTime(random),
  }),
  theft: (random) => ({ kind: "theft", theft: random.pick(THEFTS) }),
  host_erased: (random, hosts) => ({
    kind: "host_erased",
    host: host(random, hosts),
    downMs: someTime(random),
  }),
};
