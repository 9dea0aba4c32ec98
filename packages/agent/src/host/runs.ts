import type { RunExit, RunHandle } from "../tart/tart.ts";

/** The `tart run` processes that this agent started or found. */
export interface Runs {
  /** Watches a process; its end is told at once. */
  adopt(name: string, handle: RunHandle): void;
  get(name: string): RunHandle | undefined;
  isAlive(name: string): boolean;
  /** How it ended; undefined while it lives or when none was known. */
  exit(name: string): RunExit | undefined;
  forget(name: string): void;
}

export function createRuns(onExit: (name: string) => void): Runs {
  const runs = new Map<string, { handle: RunHandle; exit: RunExit | undefined }>();
  return {
    adopt(name, handle) {
      const run: { handle: RunHandle; exit: RunExit | undefined } = { handle, exit: undefined };
      runs.set(name, run);
      void handle.exited.then((exit) => {
        run.exit = exit;
        if (runs.get(name) === run) onExit(name);
      });
    },
    get: (name) => runs.get(name)?.handle,
    isAlive(name) {
      const run = runs.get(name);
      return run !== undefined && run.exit === undefined;
    },
    exit: (name) => runs.get(name)?.exit,
    forget: (name) => void runs.delete(name),
  };
}
