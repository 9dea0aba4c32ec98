#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { environmentOf } from "./frame/environment.ts";
import { measure } from "./frame/measure.ts";
import { lineOf, sentenceOf, tableOf } from "./frame/print.ts";
import type { Result } from "./frame/result.ts";
import { scaleOf, SMOKE, type Scenario } from "./frame/scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

interface Options {
  only: Scenario[];
  scales: number[];
  rounds: number;
  smoke: boolean;
  json: boolean;
  markdown: boolean;
  profile?: string;
}

function named(text: string, before: Scenario[] = []): Scenario[] {
  const found = SCENARIOS.find(({ name }) => name === text);
  if (found) return [...before, found];
  throw new InvalidArgumentError(`one of ${SCENARIOS.map(({ name }) => name).join(", ")}`);
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("a whole number from 1 on");
}

async function run(options: Options): Promise<void> {
  const { only, scales, rounds, smoke, json, markdown, profile } = options;
  const environment = environmentOf();
  const results: Result[] = [];
  const failures: { what: string; error: string }[] = [];
  await measure({
    scenarios: only,
    scales: smoke ? [SMOKE] : scales.map((factor) => scaleOf(factor, rounds)),
    say: (line) => console.error(line),
    onResult(result) {
      results.push(result);
      console.log(lineOf(result));
    },
    onFailure(what, error) {
      failures.push({ what, error: String(error) });
      console.error(`${what} could not be measured:`, error);
      process.exitCode = 1;
    },
    profile,
    isSmoke: smoke,
  });
  if (markdown) console.log(`\n${tableOf(results)}\n\n${sentenceOf(environment)}`);
  if (json) console.log(JSON.stringify({ results, environment, failures }));
}

await new Command("bench")
  .description(
    "Measures the control plane and the agent, each figure beside a raw twin's of the same moment (docs/performance.md)",
  )
  .option("--only <scenario>", "one scenario; may be given several times", named)
  .option(
    "--scales <factors>",
    "fleets of 100 hosts times each, with commas between them",
    (text) => text.split(",").map(whole),
    [1, 10],
  )
  .option("--rounds <n>", "how often each is measured, for the median", whole, 5)
  .option("--smoke", "as small as can be: does it still work?", false)
  .option("--markdown", "end with the table that docs/performance.md has", false)
  .option("--json", "end with one line of JSON", false)
  .option("--profile <folder>", "CPU profiles of the control plane into that folder")
  .action((options: Omit<Options, "only"> & Partial<Pick<Options, "only">>) =>
    run({ ...options, only: options.only ?? [...SCENARIOS] }),
  )
  .parseAsync();
