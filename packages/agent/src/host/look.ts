import { instanceName, type GuestOs } from "@tartfleet/shared";
import { ownAttempt, type Instance } from "../reconcile/instance.ts";
import type { Seen, SeenVm } from "../reconcile/reconcile.ts";
import type { TartFailure, TartImage, TartVm } from "../tart/tart.ts";
import { failed, ok, type Result } from "../tart/result.ts";
import type { HostParts } from "./ports.ts";
import type { Runs } from "./runs.ts";

export interface Look {
  seen: Seen;
  images: readonly TartImage[];
}

/**
 * Looks at the host: what tart lists, joined with the processes. A look that fails says nothing: it never
 * means that something is absent.
 */
export function createLooker({ tart, runLogs, clock, timing }: HostParts, runs: Runs) {
  const systems = new Map<string, GuestOs>();
  let images: { at: number; list: readonly TartImage[] } | undefined;

  async function imagesNow(isNeeded: boolean): Promise<Result<readonly TartImage[], TartFailure>> {
    const age = images ? clock.now() - images.at : Number.POSITIVE_INFINITY;
    if (images && (isNeeded ? age <= 0 : age < timing.imagesMs)) return ok(images.list);
    const listed = await tart.listImages();
    if (listed.ok) images = { at: clock.now(), list: listed.value };
    return listed;
  }

  /** Ours are known by their journal; tart is asked once about a foreign one. */
  async function systemOf(vm: TartVm, instances: ReadonlyMap<string, Instance>): Promise<GuestOs | null> {
    const known = instances.get(vm.name)?.entry.os ?? systems.get(vm.name);
    if (known) return known;
    const os = await tart.os(vm.name);
    if (!os.ok) return null;
    systems.set(vm.name, os.value);
    return os.value;
  }

  /** tart's word and the process's: either is enough for "running", for tart's list may be wrong or old. */
  async function isRunning(
    name: string,
    isListed: boolean,
    instance: Instance | undefined,
  ): Promise<boolean> {
    if (!ownAttempt(name)) return isListed;
    if (runs.isAlive(name)) return true;
    if (!isListed && runs.exit(name)) return false;
    const mark = instance?.entry.run;
    const marked = mark ? await tart.findRun(name, mark) : undefined;
    const found = marked ?? (isListed || !mark ? await tart.findRun(name) : undefined);
    if (found) runs.adopt(name, found);
    return isListed || found !== undefined;
  }

  return async (
    instances: ReadonlyMap<string, Instance>,
    isListDue = false,
  ): Promise<Result<Look, TartFailure>> => {
    // A listing is a process: only for an instance whose first step it decides, or for work on images.
    const isImageNeeded =
      isListDue ||
      [...instances.values()].some(
        ({ entry, memory }) =>
          (entry.stage === "new" || entry.stage === "cloning") &&
          memory.phase === null &&
          !memory.goneReported,
      );
    const listed = await tart.listLocal();
    if (!listed.ok) return failed(listed.failure);
    const list = await imagesNow(isImageNeeded);
    if (!list.ok) return failed(list.failure);

    const vms = new Map<string, SeenVm>();
    for (const vm of listed.value) {
      const running = await isRunning(vm.name, vm.state === "running", instances.get(vm.name));
      vms.set(vm.name, { name: vm.name, running, os: await systemOf(vm, instances) });
    }
    for (const [name, instance] of instances) {
      const mayRun = MAY_RUN.has(instance.entry.stage) || runs.isAlive(name);
      if (vms.has(name) || !mayRun || !(await isRunning(name, false, instance))) continue;
      vms.set(name, { name, running: true, os: instance.entry.os });
    }
    for (const name of systems.keys()) if (!vms.has(name)) systems.delete(name);

    const logs = new Set<string>();
    for (const { name } of vms.values()) {
      if (ownAttempt(name) && (await runLogs.exists(name))) logs.add(name);
    }
    for (const { name, entry } of instances.values()) {
      if (entry.stage === "starting" && (await runLogs.exists(name))) logs.add(name);
    }
    return ok({
      seen: { vms, logs, images: new Set(list.value.map(({ reference }) => reference)) },
      images: list.value,
    });
  };
}

const MAY_RUN = new Set<Instance["entry"]["stage"]>(["starting", "started", "ready"]);

/** The instances of a look in the words of a hello. */
export function inventory(seen: Seen, instances: ReadonlyMap<string, Instance>) {
  return [...seen.vms.values()].flatMap(({ name, running, os }) => {
    const ref = ownAttempt(name);
    if (!ref || instanceName(ref.vmId, ref.attempt) !== name) return [];
    return [{ ...ref, running, os: instances.get(name)?.entry.os ?? os ?? ("macos" as const) }];
  });
}
