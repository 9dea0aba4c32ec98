import type { Report } from "@tartfleet/shared";
import type { Journal } from "../journal/journal.ts";
import type { Log } from "../log.ts";
import { restored, type Entry, type Instance } from "../reconcile/instance.ts";

/** The instances that the agent has in mind, their journal, and what it tells of them. */
export interface Instances {
  all(): ReadonlyMap<string, Instance>;
  get(name: string): Instance | undefined;
  /** Reads the journal; once, at the start. */
  load(): Promise<void>;
  replaceAll(next: ReadonlyMap<string, Instance>): void;
  /**
   * Makes what is known durable. False when that failed: nothing may be done then, because after a crash
   * nobody would know that it had been begun.
   */
  save(instance: Instance): Promise<boolean>;
  tell(told: { instance: Instance; reports: readonly Report[] }): void;
  /** Nothing is to be done for it before that time. */
  defer(name: string, until: number): void;
  /** Removes its journal entry; in mind it stays until `replaceAll` or `drop`. */
  unjournal(name: string): Promise<void>;
  drop(name: string): void;
}

export function createInstances(journal: Journal, log: Log, put: (report: Report) => void): Instances {
  let instances = new Map<string, Instance>();
  const saved = new Map<string, Entry>();
  const loggedPhases = new Map<string, string>();
  return {
    all: () => instances,
    get: (name) => instances.get(name),
    async load() {
      for (const [name, entry] of await journal.load()) {
        instances.set(name, restored(name, entry));
        saved.set(name, entry);
      }
    },
    replaceAll(next) {
      instances = new Map(next);
    },
    async save({ name, entry }) {
      const isNothing = entry.stage === "new" && entry.failure === null && !saved.has(name);
      if (isNothing || saved.get(name) === entry) return true;
      try {
        await journal.save(name, entry);
        saved.set(name, entry);
        return true;
      } catch (error) {
        log.error(
          { instance: name, error: String(error) },
          "the journal cannot be written; nothing is done without it",
        );
        return false;
      }
    },
    tell({ instance, reports }) {
      instances.set(instance.name, instance);
      for (const report of reports) {
        put(report);
        const { name } = instance;
        if (report.kind !== "phase") log.info({ instance: name, ...shown(report) }, report.kind);
        else if (loggedPhases.get(name) !== report.phase) {
          loggedPhases.set(name, report.phase);
          log.info({ instance: name }, report.phase);
        }
      }
    },
    defer(name, until) {
      const instance = instances.get(name);
      if (instance) instances.set(name, { ...instance, memory: { ...instance.memory, retryAt: until } });
    },
    async unjournal(name) {
      await journal.remove(name);
      saved.delete(name);
    },
    drop(name) {
      instances.delete(name);
      loggedPhases.delete(name);
    },
  };
}

/** What a log needs of a report; a guest's output is not for the host's log. */
function shown(report: Exclude<Report, { kind: "phase" }>): object {
  switch (report.kind) {
    case "failed":
      return { phase: report.phase, code: report.error.code, why: report.error.message };
    case "run_ended":
      return { cause: report.cause };
    case "stop_rung":
      return { rung: report.rung, outcome: report.outcome, milliseconds: report.milliseconds };
    case "script_result":
      return { exitCode: report.exitCode };
    case "gone":
      return {};
    default:
      return report satisfies never;
  }
}
