import type { PulledImages, RunLogs } from "@tartfleet/agent/src/host/ports.ts";
import type { Journal } from "@tartfleet/agent/src/journal/journal.ts";
import { takes } from "./commands.ts";
import type { DataDir, Machine } from "./machine.ts";

/**
 * One agent's journal on a machine's disk. An entry is replaced in one step: when the agent or the machine
 * dies meanwhile, there is the old one or the new one.
 */
export function createSimJournal(machine: Machine, { journal }: DataDir): Journal {
  const write = async (change: () => void) => {
    await takes(machine, 1);
    if (machine.struck("journal_fails")) throw new Error("ENOSPC: no space left on device");
    change();
    machine.version += 1;
    await takes(machine, 1);
  };
  return {
    async load() {
      await takes(machine, 5);
      return structuredClone(journal);
    },
    save: (name, entry) => write(() => void journal.set(name, structuredClone(entry))),
    remove: (name) => write(() => void journal.delete(name)),
  };
}

/** The names of the images that one agent fetched. */
export function createSimPulledImages(machine: Machine, dataDir: DataDir): PulledImages {
  return {
    async load() {
      await takes(machine, 1);
      return dataDir.pulledImages;
    },
    async save(references) {
      await takes(machine, 1);
      dataDir.pulledImages = [...references];
    },
  };
}

/** The logs of one agent's runs. */
export function createSimRunLogs(machine: Machine, { path: folder }: DataDir): RunLogs {
  const path = (name: string) => `${folder}/${name}`;
  return {
    path,
    exists: async (name) => machine.logs.has(path(name)),
    async remove(name) {
      await takes(machine, 1);
      machine.logs.delete(path(name));
    },
  };
}
