import { verifyAudit } from "@tartfleet/control-plane/src/store/audit.ts";
import { createAuditor, type Auditor } from "./audit/auditor.ts";
import { unrest } from "./audit/rest.ts";
import { createFleet, type Fleet } from "./fleet/fleet.ts";
import { createWorld, type Violation } from "./fleet/world.ts";
import { NO_BUGS, type Bugs } from "./mutations/bugs.ts";
import type { Job, Plan } from "./plan/plan.ts";

/** What a run came to. */
export interface RunResult {
  violation: Violation | undefined;
  /** Things that came about, one after the other. */
  steps: number;
  virtualMs: number;
  /** How often each kind of action and fault came about. */
  counts: ReadonlyMap<string, number>;
  trace: readonly string[];
  digest: string;
}

/** After the faults stop: how long VMs may go on by themselves before clients end them all. */
const NATURAL_MS = 300_000;
/** By when, after the clients have ended everything, nothing is left of it. */
const REST_MS = 1_800_000;
/** Then for so long nothing may happen. */
const QUIET_MS = 300_000;
/** By when, after that, every slot has had a new VM that came to its end: refused slots are believed for an hour. */
const WORK_MS = 4_500_000;

class Stop extends Error {}

/** Everything that is ready to run runs; nothing in a simulation waits for anything but promises. */
const drained = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Carries out a plan under a seed; the same two give the same trace. */
export async function simulate(seed: string, plan: Plan, bugs: Bugs = NO_BUGS): Promise<RunResult> {
  let violation: Violation | undefined;
  let steps = 0;
  let check = () => {};
  let close = () => {};
  const world = createWorld(seed, (found) => {
    if (violation) return;
    violation = found;
    world.trace.note("auditor", `${found.invariant}: ${found.message}`);
  });
  const { timeline } = world;

  async function step(limit: number): Promise<boolean> {
    const hasStepped = timeline.step(limit);
    await drained();
    steps += 1;
    if (!violation) check();
    if (violation) throw new Stop();
    return hasStepped;
  }
  /** False when the condition did not come about in time. */
  async function until(condition: () => boolean, limit: number): Promise<boolean> {
    while (!condition()) if (!(await step(limit))) return condition();
    return true;
  }

  try {
    const fleet = await createFleet(world, plan, bugs, async (condition) => {
      if (!(await until(condition, 60_000))) throw new Error("the fleet does not start");
    });
    close = fleet.site.close;
    const auditor = createAuditor(fleet);
    check = auditor.check;
    const never = () => false;
    await until(never, plan.calmAt + NATURAL_MS);
    world.trace.note("plan", "clients end what still lives");
    fleet.clients.endAll();
    await comesToRest(fleet, auditor, until, REST_MS);
    await staysQuiet(fleet, until);
    await worksAgain(fleet, auditor, until);
    await comesToRest(fleet, auditor, until, QUIET_MS);
    const { fault } = verifyAudit(fleet.site.database().db.$client);
    if (fault) world.fail({ invariant: "acts-are-audited", message: fault.message });
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  } finally {
    close();
  }
  const { lines } = world.trace;
  return {
    violation,
    steps,
    virtualMs: timeline.now(),
    counts: world.counts.all(),
    trace: lines,
    digest: world.trace.digest(),
  };
}

/** A condition that costs something is not asked after every step. */
function everySecond(now: () => number, condition: () => boolean): () => boolean {
  let next = 0;
  return () => {
    if (now() < next) return false;
    next = now() + 1000;
    return condition();
  };
}

type Until = (condition: () => boolean, limit: number) => Promise<boolean>;

/** Within that time nothing is left of all that was, on disk and in memory. */
async function comesToRest(
  fleet: Fleet,
  auditor: Auditor,
  until: Until,
  milliseconds: number,
): Promise<void> {
  const { timeline, fail } = fleet.world;
  const left = () => {
    const view = auditor.view();
    return view ? unrest(fleet, view) : ["nobody has looked"];
  };
  const isAtRest = everySecond(timeline.now, () => left().length === 0);
  if (await until(isAtRest, timeline.now() + milliseconds)) return;
  fail({ invariant: "comes-to-rest", message: left().join("; ") });
  throw new Stop();
}

/** Nothing flaps: no history, no new session, no assignment. */
async function staysQuiet({ world, site }: Fleet, until: Until): Promise<void> {
  const state = () =>
    JSON.stringify(
      site
        .database()
        .db.all(
          "select (select count(*) from events) as events, sum(epoch) as epochs, sum(revision) as revisions from hosts",
        ),
    );
  const before = state();
  await until(() => false, world.timeline.now() + QUIET_MS);
  if (state() !== before) {
    world.fail({ invariant: "nothing-flaps", message: `at rest ${before} became ${state()}` });
    throw new Stop();
  }
}

/** As many new VMs as there are slots, all at once: each gets its slot, does its job and ends. */
async function worksAgain({ world, clients, hosts }: Fleet, auditor: Auditor, until: Until): Promise<void> {
  const FIRST = 100_000;
  const jobs = hosts.flatMap(({ machine: { number } }) =>
    [0, 1].map((slot): Job => ({
      n: FIRST + number * 2 + slot,
      os: "macos",
      runner: "github",
      ttlSeconds: 36_000,
      mode: "good",
      idleMs: 1000,
      jobMs: 120_000,
    })),
  );
  for (const job of jobs) clients.create(job);
  const states = () =>
    jobs.map(({ n }) => {
      const id = clients.vmOf(n);
      const vm = id === undefined ? undefined : auditor.view()?.vms.get(id);
      return vm ? `${vm.state} (${vm.endReason ?? "no end"})` : "not accepted";
    });
  const done = () => states().every((state) => state === "deleted (runner_exited)");
  if (await until(everySecond(world.timeline.now, done), world.timeline.now() + WORK_MS)) return;
  world.fail({ invariant: "works-again", message: `new VMs after the storm are ${states().join(", ")}` });
  throw new Stop();
}
