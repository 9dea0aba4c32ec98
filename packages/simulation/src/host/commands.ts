import type { TartFailureClass } from "@tartfleet/agent/src/tart/failure-classes.ts";
import { failed } from "@tartfleet/agent/src/tart/result.ts";
import type { TartFailure } from "@tartfleet/agent/src/tart/tart.ts";
import type { Machine } from "./machine.ts";

/** Never answers: the machine went down under the command. */
const NEVER = new Promise<never>(() => {});

/** Lets the time pass that something takes on a machine; never ends when the machine goes down meanwhile. */
export async function takes(machine: Machine, milliseconds: number): Promise<void> {
  const { boots } = machine;
  await machine.timeline.sleep(milliseconds * (machine.struck("all_slow") ? 10 : 1));
  if (!machine.isUp || machine.boots !== boots) await NEVER;
}

/** tart's own locks: one command of a sort after the other. They go down with the machine. */
export function createTurns(machine: Machine) {
  let last: Promise<void> = Promise.resolve();
  let boots = 0;
  return async <T>(act: () => Promise<T>): Promise<T> => {
    if (boots !== machine.boots) last = Promise.resolve();
    boots = machine.boots;
    const before = last;
    const mine = Promise.withResolvers<void>();
    last = mine.promise;
    await before;
    try {
      return await act();
    } finally {
      mine.resolve();
    }
  };
}

export function tartFailure(failureClass: TartFailureClass, command: string): TartFailure {
  return {
    class: failureClass,
    command,
    exitCode: 1,
    signal: null,
    output: failureClass,
    message: `tart ${command}: ${failureClass}`,
  };
}

export const refuse = (failureClass: TartFailureClass, command: string) =>
  failed(tartFailure(failureClass, command));
