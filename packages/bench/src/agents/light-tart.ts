import type { TartFailureClass } from "@tartfleet/agent/src/tart/failure-classes.ts";
import { failed, ok } from "@tartfleet/agent/src/tart/result.ts";
import type { RunExit, RunHandle, Tart } from "@tartfleet/agent/src/tart/tart.ts";

/** The image that every light host has. */
export const IMAGE = "ghcr.io/example/macos:bench";
const IMAGE_DIGEST = `sha256:${"b".repeat(64)}`;

interface Run extends RunHandle {
  end(exit: RunExit): void;
}

/** The VMs of one light host: what tart would have on its disk and run. */
export interface LightVms {
  tart: Tart;
  /** As a guest that switches itself off. @returns false when it does not run */
  switchOff(name: string): boolean;
}

/** Lets clones pass, or has them wait: so a fleet can be told of VMs without working on them. */
export interface Gate {
  pass(): Promise<void>;
  close(): void;
  open(): void;
}

export function createGate(): Gate {
  let opened = Promise.resolve();
  let open = (): void => {};
  return {
    pass: () => opened,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      opened = promise;
      open = resolve;
    },
    open: () => open(),
  };
}

/** A tart that takes no time and never fails: what an agent's own work costs is left. */
export function createLightTart(gate: Gate, onDeleted: () => void): LightVms {
  const vms = new Map<string, Run | null>();
  let lastPid = 0;

  function start(name: string): Run {
    lastPid += 1;
    const { promise: exited, resolve } = Promise.withResolvers<RunExit>();
    const run: Run = {
      pid: lastPid,
      startedAt: String(lastPid),
      exited,
      async signal(signal) {
        if (vms.get(name) !== run) return false;
        run.end({ exitCode: null, signal });
        return true;
      },
      end(exit) {
        if (vms.get(name) === run) vms.set(name, null);
        resolve(exit);
      },
    };
    vms.set(name, run);
    return run;
  }

  function switchOff(name: string): boolean {
    const run = vms.get(name);
    run?.end({ exitCode: 0, signal: null });
    return run != null;
  }

  const tart: Tart = {
    version: async () => ok("2.40.1"),
    listLocal: async () =>
      ok([...vms].map(([name, run]) => ({ name, state: run ? ("running" as const) : ("stopped" as const) }))),
    listImages: async () => ok([{ reference: IMAGE, sizeGb: 25, digest: IMAGE_DIGEST }]),
    os: async () => ok("macos" as const),
    pull: async () => ok(),
    digest: async () => ok(IMAGE_DIGEST),
    async clone(_image, name, { signal }) {
      await gate.pass();
      if (signal.aborted) return refuse("CANCELLED", "clone");
      vms.set(name, null);
      return ok();
    },
    configure: async () => ok(),
    run: async (name) => (vms.has(name) ? ok(start(name)) : refuse("NOT_FOUND", "run")),
    findRun: async (name) => vms.get(name) ?? undefined,
    runExit: async () => undefined,
    forgetRun: async () => {},
    sweepRuns: async () => {},
    runEnd: async () => ({ cause: "guest_shutdown", logTail: "", failure: null }),
    ip: async () => ok("192.168.64.7"),
    async stop(name) {
      switchOff(name);
      return ok();
    },
    async delete(name) {
      if (vms.get(name)) return refuse("STILL_RUNNING", "delete");
      vms.delete(name);
      onDeleted();
      return ok();
    },
    deleteImage: async () => ok(),
    exec: () => Promise.reject(new Error("light guests run no programs")),
    probeAgent: async () => "absent",
    execIsDead: async () => false,
  };
  return { tart, switchOff };
}

const refuse = (failureClass: TartFailureClass, command: string) =>
  failed({
    class: failureClass,
    command,
    exitCode: 1,
    signal: null,
    output: failureClass,
    message: `tart ${command}: ${failureClass}`,
  });
