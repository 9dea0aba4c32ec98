import { AgentStop } from "../process/exit.ts";
import { apply, lookAt } from "./apply.ts";
import { runningVms } from "./facts.ts";
import type { Mac } from "./mac.ts";
import { forget, recall, type Remembered } from "./memory.ts";
import type { UninstallOptions } from "./options.ts";
import { planUninstall } from "./plan.ts";
import { changedSince, headline, showChanges } from "./show.ts";

interface Uninstall {
  mac: Mac;
  options: UninstallOptions;
  say(line: string): void;
}

/**
 * Puts a Mac back as it was before the first install, or says what that would change.
 *
 * @returns lines for people
 * @throws AgentStop for what is expected to go wrong
 */
export async function uninstall({ mac, options, say }: Uninstall): Promise<string[]> {
  const memory = await recall(mac);
  const vms = await vmsOf(mac, memory);
  if (vms.length > 0 && !options.evenWithVms && !options.dryRun) {
    throw new AgentStop(
      "inUse",
      `VMs of the agent run: ${vms.join(", ")}. Wait until they have ended (tartfleet host drain NAME), or say --even-with-vms`,
    );
  }
  const look = await lookAt(
    mac,
    memory.map(({ thing }) => thing),
  );
  const { changes, left } = planUninstall(memory, look);
  const remarks = [
    ...left.map(changedSince),
    ...(vms.length === 0
      ? []
      : [`VMs that run are left to themselves: ${vms.join(", ")}; tart stop and tart delete end them.`]),
  ].map((line) => `- ${line}`);
  if (memory.length === 0 && options.dryRun) return [NOTHING];
  if (options.dryRun)
    return [showChanges(changes), "", `${changes.length} changes would be made.`, ...remarks];
  await apply(mac, changes, undefined, (change) => say(headline(change)));
  // The last thing of all: until then it can be gone on with.
  await forget(mac);
  return [memory.length === 0 ? NOTHING : "Nothing of tartfleet is left.", ...remarks];
}

const NOTHING = "Nothing to change: no install is remembered here.";

async function vmsOf(mac: Mac, memory: readonly Remembered[]): Promise<string[]> {
  const uids = memory.flatMap(({ thing }) =>
    thing.kind === "job" ? (/^gui\/(\d+)$/.exec(thing.domain)?.[1] ?? []) : [],
  );
  const found = await Promise.all([...new Set(uids)].map((uid) => runningVms(mac, Number(uid))));
  return found.flat();
}
