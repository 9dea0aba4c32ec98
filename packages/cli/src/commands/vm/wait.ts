import { Option, type Command } from "commander";
import type { VmRecord } from "@tartfleet/shared";
import type { Goal } from "../../api/client.ts";
import type { Context } from "../../context.ts";
import { withStop } from "../../stop.ts";
import { connect, duration, waitingOf, reconnectOption } from "../common.ts";
import type { GlobalFlags, PatienceFlags } from "../common.ts";
import { report, timedOut } from "./report.ts";

interface WaitFlags extends GlobalFlags, PatienceFlags {
  for: Goal;
  timeout?: number;
}

export function addWait(group: Command, context: Context): void {
  group
    .command("wait <id>")
    .summary("wait until a VM is ready or has ended")
    .description(
      "Waits until a VM is ready (exit 0, also when it has been ready and has ended well since) or has ended. It has ended well when its runner exited, its guest shut down or its job's hook ended it, and its script, if it has one, exited with 0.",
    )
    .addOption(new Option("--for <goal>", "what to wait for").choices(["ready", "ended"]).default("ready"))
    .option(
      "--timeout <duration>",
      "give up after this (exit 6); without it the VM's own deadlines count",
      duration,
    )
    .addOption(reconnectOption())
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WaitFlags>();
      report(context, flags, await waitUntil(id, flags, context), flags.for);
    });
}

/** The VM when it has come that far. Throws a CliError when the time runs out before. */
export async function waitUntil(id: string, flags: WaitFlags, context: Context): Promise<VmRecord> {
  const client = connect(flags, context, waitingOf(context, flags));
  return withStop({ timeoutSeconds: flags.timeout, interrupts: false }, async ({ signal, cause }) => {
    try {
      return await client.waitForVm(id, flags.for, { signal });
    } catch (error) {
      if (cause() !== "timeout") throw error;
      throw timedOut(await client.getVm(id, { retryForMs: 0 }), [], context.now());
    }
  });
}
