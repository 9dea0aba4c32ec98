#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { NO_BUGS } from "./mutations/bugs.ts";
import { MUTATIONS } from "./mutations/mutations.ts";
import { mutation, type Mutation } from "./mutations/plant.ts";
import { makePlan } from "./plan/make-plan.ts";
import { describe, type Plan } from "./plan/plan.ts";
import { shrink } from "./plan/shrink.ts";
import { add, noTotals, render } from "./report.ts";
import { simulate } from "./run.ts";
import { stamp } from "./world/trace.ts";

const SHRINK_RUNS = 150;
const PROGRESS_EVERY = 100;

interface Options {
  seeds: number;
  from: number;
  steps: number;
  hosts: number;
  forever: boolean;
  trace: boolean;
  bug?: Mutation;
  bugs: boolean;
}

const SOUND = mutation("none", NO_BUGS);

function bugNamed(text: string): Mutation {
  const found = MUTATIONS.filter(({ name }) => name.includes(text));
  const exact = found.find(({ name }) => name === text) ?? found[0];
  if (exact && (exact.name === text || found.length === 1)) return exact;
  throw new InvalidArgumentError(
    found.length === 0
      ? "no planted bug has such a name; --bugs lists them"
      : `more than one planted bug has that in its name: ${found.map(({ name }) => name).join("; ")}`,
  );
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("a whole number from 1 on");
  return value;
}

/** @returns the exit code: 1 when a seed failed */
async function run({ seeds, from, steps, hosts, forever, trace, bug = SOUND }: Options): Promise<number> {
  const planOf = (seed: number) => bug.plan ?? makePlan(String(seed), { hosts, actions: steps });
  const totals = noTotals();
  const startedAt = performance.now();
  const sum = () => render(totals, performance.now() - startedAt);
  const end = forever ? Number.POSITIVE_INFINITY : from + seeds;
  for (let seed = from; seed < end; seed += 1) {
    const result = await simulate(String(seed), planOf(seed), bug.bugs);
    add(totals, result);
    if (trace) console.log(result.trace.join("\n"));
    if (result.violation) {
      console.log(sum());
      await explain(String(seed), planOf(seed), bug, result.violation.invariant);
      const planted = bug === SOUND ? "" : ` --bug "${bug.name}"`;
      console.log(
        `again: npm run simulate -- --from ${seed} --seeds 1 --steps ${steps} --hosts ${hosts}${planted}`,
      );
      return 1;
    }
    if (totals.seeds % PROGRESS_EVERY === 0) console.error(sum().split("\n")[0]);
  }
  console.log(sum());
  return 0;
}

/** The shortest plan that breaks the same invariant, and what happened under it. */
async function explain(seed: string, whole: Plan, { bugs }: Mutation, invariant: string): Promise<void> {
  console.log(`\nseed ${seed} breaks ${invariant}; looking for a shorter way to it`);
  const fails = async (plan: Plan) => (await simulate(seed, plan, bugs)).violation?.invariant === invariant;
  const plan = await shrink(whole, fails, SHRINK_RUNS);
  const { trace, violation } = await simulate(seed, plan, bugs);
  console.log(trace.join("\n"));
  console.log(`\nseed ${seed}: ${violation?.invariant}: ${violation?.message}`);
  console.log(`what was done (${plan.actions.length} actions):`);
  for (const { at, action } of plan.actions) console.log(`  ${stamp(at)} ${describe(action)}`);
}

const program = new Command("simulate")
  .description("Runs whole fleets under a virtual clock, with faults, each from a seed")
  .option("--seeds <n>", "how many seeds", whole, 100)
  .option("--from <seed>", "the first seed", whole, 1)
  .option("--steps <n>", "actions and faults in each seed's plan", whole, 60)
  .option("--hosts <n>", "hosts of each fleet", whole, 3)
  .option("--forever", "seed after seed until stopped", false)
  .option("--trace", "print every run's trace", false)
  .option("--bug <name>", "plant this bug, to see it found", bugNamed)
  .option("--bugs", "list the bugs that can be planted, and do nothing else", false)
  .action(async (options: Options) => {
    if (options.bugs) console.log(MUTATIONS.map(({ name }) => name).join("\n"));
    else process.exitCode = await run(options);
  });
await program.parseAsync();
