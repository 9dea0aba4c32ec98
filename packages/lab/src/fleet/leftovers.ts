import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { INSTANCE_PREFIX, type Capacity } from "@tartfleet/shared";
import { findProcesses, type Marker } from "./marker.ts";
import { until } from "./until.ts";

/** Something that should not be there any more. */
export interface Leftover {
  kind: "process" | "directory" | "slot";
  what: string;
}

/** Slots that are not free although no VM lives. */
export function takenSlots({ slots, queued }: Capacity): Leftover[] {
  const counts = { busy: slots.busy, phantom: slots.phantom, queued };
  return Object.entries(counts).flatMap(([use, count]) =>
    count === 0 ? [] : [{ kind: "slot" as const, what: `${count} ${use}` }],
  );
}

/** Instances that are still on a host's disk. */
export async function instanceDirectories(tartHomes: readonly string[]): Promise<Leftover[]> {
  const found = await Promise.all(
    tartHomes.map(async (home) => {
      const vms = join(home, "vms");
      const names = await readdir(vms).catch(() => []);
      return names.filter((name) => name.startsWith(INSTANCE_PREFIX)).map((name) => join(vms, name));
    }),
  );
  return found.flat().map((what) => ({ kind: "directory", what }));
}

/** How long a process that was told to end may take to vanish from the process table. */
const FADE_MS = 3000;

/** Processes of a lab whose programs have all been stopped. */
export async function leftProcesses(marker: Marker): Promise<Leftover[]> {
  let left = await findProcesses(marker);
  await until("the last processes to end", async () => (left = await findProcesses(marker)).length === 0, {
    deadlineMs: FADE_MS,
  }).catch(() => {});
  return left.map(({ pid, command }) => ({ kind: "process", what: `${pid} ${command.slice(0, 200)}` }));
}
