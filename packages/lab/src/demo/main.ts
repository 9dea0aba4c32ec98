import { runDemo } from "./demo.ts";
import { makeDisplay } from "./display.ts";
import { runGithub } from "./github.ts";
import { readOptions } from "./options.ts";
import type { DemoDocument } from "./outcome.ts";
import { runScenario, type ScenarioDocument } from "./run-scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const INTERRUPTED = 130;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const display = makeDisplay(options.json ? process.stderr : process.stdout);
  const interrupt = new AbortController();
  // A terminal's Ctrl-C may come more than once, by way of npm; once is enough.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) return;
      display.say("\nEnding everything that was started …");
      interrupt.abort();
    });
  }
  try {
    if (options.github) {
      const played = await runGithub(options, display, interrupt.signal);
      if (options.json) print(played);
      process.exitCode = played.ok ? 0 : 1;
      return;
    }
    const scenario = options.scenario === undefined ? undefined : SCENARIOS[options.scenario];
    if (options.scenario !== undefined && scenario) {
      const played = await runScenario(options.scenario, scenario, options, display, interrupt.signal);
      if (options.json) print(played);
      process.exitCode = played.ok ? 0 : 1;
      return;
    }
    const { document, wrong } = await runDemo(options, display, interrupt.signal);
    for (const complaint of wrong) display.say(`✗ ${complaint}`);
    if (document.ok) display.say(allWell(document.vms.length));
    if (options.json) print(document);
    process.exitCode = document.ok ? 0 : 1;
  } catch (error) {
    const isInterrupted = interrupt.signal.aborted;
    display.say(isInterrupted ? "Interrupted. Nothing is left running." : `✗ ${messageOf(error)}`);
    if (options.json) print({ ok: false, hosts: options.hosts, vms: [], leftovers: [] });
    process.exitCode = isInterrupted ? INTERRUPTED : 1;
  }
}

function allWell(vms: number): string {
  const subject = vms === 1 ? "The VM" : `All ${vms} VMs`;
  return `✓ ${subject} came, worked and went. The fleet is empty, and nothing is left over.`;
}

function print(document: DemoDocument | ScenarioDocument): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main();
