import { type Bench, hold, need, until } from "./bench.ts";
import type { Check } from "./check.ts";

const limitText = /exceeds the system limit|maximum supported number of active virtual machines/;

/** Starts, stops, signals and limits. */
export const runChecks: readonly Check[] = [
  {
    number: 1,
    title: "run of a missing VM exits 1 with a prefix",
    async run({ tart }) {
      need(await tart(["run", "--no-graphics", "missing"]), 1, {
        stderr: /^Error: the specified VM "missing" does not exist\n/,
      });
    },
  },
  {
    number: 4,
    title: "a second run exits 2",
    async run({ tart, blankVm, run }) {
      const vm = await blankVm();
      await run(vm);
      need(await tart(["run", "--no-graphics", vm]), 2, { stderr: `VM "${vm}" is already running!\n` });
    },
  },
  {
    number: 5,
    title: "delete of a running VM keeps it, with the release's own words",
    async run({ tart, blankVm, run, stateOf, quirks }) {
      const vm = await blankVm();
      await run(vm);
      const deleted = await tart(["delete", vm]);
      if (quirks.has("deleteLies")) need(deleted, 2, { stderr: `the specified VM "${vm}" does not exist\n` });
      else need(deleted, 1, { stderr: `VM "${vm}" is running\n` });
      hold((await stateOf(vm)) === "running", "the VM is gone or stopped");
    },
  },
  {
    number: 6,
    title: "SIGINT stops with a line and exit 0",
    async run({ blankVm, run, stateOf }) {
      const vm = await blankVm();
      const running = await run(vm);
      running.kill("SIGINT");
      need(await running.ended, 0, { stdout: /^Stopping VM\.\.\.$/m });
      hold((await stateOf(vm)) === "stopped", "it is not listed as stopped");
    },
  },
  {
    number: 7,
    title: "SIGKILL leaves a stopped VM at once",
    async run({ blankVm, run, stateOf }) {
      const vm = await blankVm();
      const running = await run(vm);
      running.kill("SIGKILL");
      hold((await running.ended).signal === "SIGKILL", "it did not die of the signal");
      hold((await stateOf(vm)) === "stopped", "it is not listed as stopped");
    },
  },
  {
    number: 8,
    title: "suspend without --suspendable exits 0 and loses the VM",
    async run({ tart, blankVm, run, stateOf }) {
      const vm = await blankVm();
      const running = await run(vm);
      need(await tart(["suspend", vm]), 0, { stdout: "", stderr: "" });
      need(await running.ended, 1, { stdout: /^Failed to suspend the VM: /m });
      hold((await stateOf(vm)) === "stopped", "it is not listed as stopped");
    },
  },
  {
    number: 9,
    title: "a suspended VM resumes with both lines",
    async run(bench) {
      const vm = await suspendedVm(bench);
      const resumed = await bench.run(vm);
      await until("both lines", () =>
        /restoring VM state from a snapshot\.\.\.\nresuming VM\.\.\.\n/.test(resumed.stdout()),
      );
      hold((await bench.stateOf(vm)) === "running", "it does not run");
    },
  },
  {
    number: 10,
    title: "stop of a suspended VM drops its memory",
    async run(bench) {
      const vm = await suspendedVm(bench);
      need(await bench.tart(["stop", vm]), 0, { stdout: "", stderr: "" });
      hold((await bench.stateOf(vm)) === "stopped", "it is not listed as stopped");
    },
  },
  {
    number: 11,
    title: "a third macOS VM is refused, a third Linux VM is not",
    async run({ macVm, blankVm, run, startRun, stateOf, untilAgentAnswers }) {
      const [one, two, three] = [await macVm(), await macVm(), await macVm()];
      for (const name of [one, two]) {
        await run(name);
        // The lock is listed before the slot is taken (§4.1).
        await untilAgentAnswers(name);
      }
      const refused = await startRun(["run", "--no-graphics", three]).ended;
      need(refused, 1, { stderr: limitText });
      hold(
        [one, two].every((name) => refused.stderr.includes(name)),
        `the hint does not name the others: ${refused.stderr}`,
      );
      const linux = await blankVm();
      await run(linux);
      hold((await stateOf(linux)) === "running", "the Linux VM does not run");
    },
  },
  {
    number: 27,
    title: "stop --timeout 0 kills at once",
    async run({ tart, blankVm, run, stateOf }) {
      const vm = await blankVm();
      const running = await run(vm);
      need(await tart(["stop", "--timeout", "0", vm]), 0, { stdout: "", stderr: "" });
      const { code, signal } = await running.ended;
      hold(signal === "SIGKILL" || code === 0, `run ended with ${String(signal ?? code)}`);
      hold((await stateOf(vm)) === "stopped", "it is not listed as stopped");
    },
  },
];

async function suspendedVm({ macVm, run, tart, stateOf, untilAgentAnswers }: Bench): Promise<string> {
  const vm = await macVm();
  const running = await run(vm, ["--suspendable"]);
  await untilAgentAnswers(vm);
  need(await tart(["suspend", vm]), 0);
  need(await running.ended, 0, { stdout: /^snapshot created successfully! shutting down the VM\.\.\.$/m });
  hold((await stateOf(vm)) === "suspended", "it is not listed as suspended");
  return vm;
}
