import { isTerminal, type VmEvent, type VmRecord } from "@tartfleet/shared";
import type { Client, Goal } from "../../api/client.ts";
import { CliError, messageOf } from "../../cli-error.ts";
import type { Context } from "../../context.ts";
import { stageLine } from "../../output/events.ts";
import { progressText } from "../../output/text.ts";
import { exitCodeOf, type Stop } from "../../stop.ts";
import { note, type GlobalFlags, type PatienceFlags } from "../common.ts";
import { tellPull } from "./pull-progress.ts";
import { report, timedOut } from "./report.ts";

/** Who wants to stop does not wait for a control plane that is away. */
const AT_ONCE = { retryForMs: 0 };

interface Watch {
  /** Waits out that the control plane is away. */
  client: Client;
  context: Context;
  flags: GlobalFlags & PatienceFlags & { quiet?: true; deleteOnInterrupt?: true };
  goal: Goal;
  stop: Stop;
}

/** Shows a VM's stages on stderr until it has come that far, then what became of it on stdout. */
export async function watchVm(watch: Watch, accepted: VmRecord): Promise<void> {
  const { client, context, flags, goal, stop } = watch;
  const { id } = accepted;
  const { signal } = stop;
  const show = (stage: Pick<VmEvent, "at" | "state" | "message">) => {
    if (!flags.quiet) note(context, stageLine(stage, accepted.createdAt, context.err.style()));
  };
  const showPull = ({ state, pullBytes, pullTotalBytes }: VmRecord, percent: number) => {
    const bytes = progressText(pullBytes, pullTotalBytes);
    const message = `${percent}% pulled${bytes === undefined ? "" : `, ${bytes}`}`;
    show({ at: new Date(context.now()).toISOString(), state, message });
  };
  let endPull = () => {};
  let vm: VmRecord;
  try {
    for await (const event of client.followVmEvents(id, { after: 0, signal })) {
      show(event);
      endPull();
      endPull = event.state === "pulling" ? tellPull(client, id, showPull) : () => {};
      if (goal === "ready" && (event.state === "ready" || isTerminal(event.state))) break;
    }
    vm = await client.getVm(id, { signal });
  } catch (error) {
    throw await givenUp(watch, accepted, error);
  } finally {
    endPull();
  }
  report(context, flags, vm, goal);
}

/** The wait is over, the VM is not: says what becomes of it. */
async function givenUp(watch: Watch, accepted: VmRecord, error: unknown): Promise<unknown> {
  const { client, context, flags, stop, goal } = watch;
  const { id } = accepted;
  const livesOn = [
    `VM ${id} lives on. Wait for it: tartfleet vm wait ${id} --for ${goal}`,
    `End it: tartfleet vm delete ${id}`,
  ];
  const cause = stop.cause();
  if (cause === undefined) {
    if (!(error instanceof CliError)) return error;
    return new CliError(error.exit, error.message, {
      ...error.facts,
      advice: [...(error.facts.advice ?? []), ...livesOn],
    });
  }
  if (cause === "timeout") {
    return timedOut(await client.getVm(id, AT_ONCE).catch(() => accepted), livesOn, context.now());
  }
  if (!flags.deleteOnInterrupt) return interrupted(exitCodeOf(cause), accepted, livesOn);
  try {
    return interrupted(exitCodeOf(cause), await client.deleteVm(id, AT_ONCE), [
      `VM ${id} is being deleted, as --delete-on-interrupt asks.`,
    ]);
  } catch (failure) {
    return interrupted(exitCodeOf(cause), accepted, [
      `VM ${id} could not be deleted: ${messageOf(failure)}`,
      ...livesOn,
    ]);
  }
}

function interrupted(exit: number, document: VmRecord, advice: readonly string[]): CliError {
  return new CliError(exit, "Interrupted", { code: "interrupted", advice, document });
}
