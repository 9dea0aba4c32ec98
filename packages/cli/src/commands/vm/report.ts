import type { VmRecord } from "@tartfleet/shared";
import type { Goal } from "../../api/client.ts";
import { CliError } from "../../cli-error.ts";
import type { Context } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { manyLines } from "../../output/text.ts";
import { attemptErrorText, standing } from "../../output/vm-words.ts";
import { reached } from "../../vm-outcome.ts";
import { note, reply, type GlobalFlags } from "../common.ts";

/**
 * The answer after waiting: the VM, and of a script's whole life its output.
 *
 * @throws CliError with exit code 1 when the VM has not become what was waited for
 */
export function report(
  context: Context,
  flags: GlobalFlags & { quiet?: true },
  vm: VmRecord,
  goal: Goal,
): void {
  const ok = reached(vm, goal);
  const { scriptResult } = vm;
  if (scriptResult !== null && goal === "ended" && !flags.json && !flags.quiet) {
    const { output } = scriptResult;
    context.out.write(context.out.style().terminal ? manyLines(output) : output);
    if (ok) note(context, standing(vm, context.now()));
  } else if (ok && (flags.json || !flags.quiet)) {
    reply(context, flags, vm, () => standing(vm, context.now()));
  }
  if (!ok) throw notAsAsked(vm, context.now());
}

/** The VM as it is when the time for waiting is over. */
export function timedOut(vm: VmRecord, advice: readonly string[], now: number): CliError {
  return new CliError(EXIT.timedOut, `The time ran out: ${standing(vm, now)}`, {
    code: "timed_out",
    advice,
    document: vm,
  });
}

function notAsAsked(vm: VmRecord, now: number): CliError {
  const { end, scriptResult } = vm;
  return new CliError(EXIT.vmFailed, standing(vm, now), {
    code: "vm_failed",
    advice: [
      ...(scriptResult === null ? [] : [scriptText(scriptResult.exitCode)]),
      ...(end?.error ? [attemptErrorText(end.error)] : []),
      `Its history: tartfleet vm events ${vm.id}`,
    ],
    document: vm,
  });
}

function scriptText(exitCode: number | null): string {
  return exitCode === null ? "Its script was ended by a signal." : `Its script's exit code was ${exitCode}.`;
}
