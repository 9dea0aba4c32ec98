import { runDemo } from "./demo.ts";
import { makeDisplay } from "./display.ts";
import { readOptions } from "./options.ts";

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
    const { document, wrong } = await runDemo(options, display, interrupt.signal);
    for (const complaint of wrong) display.say(`✗ ${complaint}`);
    if (document.ok)
      display.say(
        `✓ ${document.vms.length} VMs came, worked and went; the fleet is empty, nothing is left over.`,
      );
    if (options.json) process.stdout.write(`${JSON.stringify(document)}\n`);
    process.exitCode = document.ok ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    display.say("Interrupted; nothing was left running.");
    process.exitCode = INTERRUPTED;
  }
}

await main();
