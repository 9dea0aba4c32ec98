#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { makePlan, type PlanSize } from "./plan/make-plan.ts";
import { describe } from "./plan/plan.ts";
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
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("a whole number from 1 on");
  return value;
}

/** @returns the exit code: 1 when a seed failed */
async function run({ seeds, from, steps, hosts, forever, trace }: Options): Promise<number> {
  const size: PlanSize = { hosts, actions: steps };
  const totals = noTotals();
  const startedAt = performance.now();
  const sum = () => render(totals, performance.now() - startedAt);
  const end = forever ? Number.POSITIVE_INFINITY : from + seeds;
  for (let seed = from; seed < end; seed += 1) {
    const result = await simulate(String(seed), makePlan(String(seed), size));
    add(totals, result);
    if (trace) console.log(result.trace.join("\n"));
    if (result.violation) {
      console.log(sum());
      await explain(String(seed), size, result.violation.invariant);
      return 1;
    }
    if (totals.seeds % PROGRESS_EVERY === 0) console.error(sum().split("\n")[0]);
  }
  console.log(sum());
  return 0;
}

/** The shortest plan that breaks the same invariant, and what happened under it. */
async function explain(seed: string, size: PlanSize, invariant: string): Promise<void> {
  console.log(`\nseed ${seed} breaks ${invariant}; looking for a shorter way to it`);
  const run = (plan: Parameters<typeof simulate>[1]) => simulate(seed, plan);
  const fails = async (plan: Parameters<typeof simulate>[1]) =>
    (await run(plan)).violation?.invariant === invariant;
  const plan = await shrink(makePlan(seed, size), fails, SHRINK_RUNS);
  const { trace, violation } = await run(plan);
  console.log(trace.join("\n"));
  console.log(`\nseed ${seed}: ${violation?.invariant}: ${violation?.message}`);
  console.log(`what was done (${plan.actions.length} actions):`);
  for (const { at, action } of plan.actions) console.log(`  ${stamp(at)} ${describe(action)}`);
  console.log(
    `again: npm run simulate -- --from ${seed} --seeds 1 --steps ${size.actions} --hosts ${size.hosts}`,
  );
}

const program = new Command("simulate")
  .description("Runs whole fleets under a virtual clock, with faults, each from a seed")
  .option("--seeds <n>", "how many seeds", whole, 100)
  .option("--from <seed>", "the first seed", whole, 1)
  .option("--steps <n>", "actions and faults in each seed's plan", whole, 60)
  .option("--hosts <n>", "hosts of each fleet", whole, 3)
  .option("--forever", "seed after seed until stopped", false)
  .option("--trace", "print every run's trace", false)
  .action(async (options: Options) => {
    process.exitCode = await run(options);
  });
await program.parseAsync();
