import { makeSightings } from "../domain/github/sweep.ts";
import type { Vm } from "../domain/vm.ts";
import { ITSELF, vmName } from "../engine/acts.ts";
import type { IntegrationParts } from "../engine/integration.ts";
import { every } from "../engine/stalls.ts";
import type { CiLog } from "./log.ts";
import type { CiMetrics } from "./metrics.ts";
import { callerFor } from "./planner.ts";
import { messageOf } from "./message-of.ts";

const SWEEP_MS = 60_000;

/** What does not fit together at one look. */
export interface Looked {
  /** Runners that are registered for a VM that has ended. `remove` says whether it went. */
  ghosts: { name: string; vmId: string; remove(): Promise<boolean> }[];
  /** VMs whose runner is not registered, or to which no job came; and the sentence that says so. */
  mutes: { vm: Vm; why: string }[];
  /** VMs whose job is over, and whose runner does not exit. */
  over: Vm[];
}

/**
 * Looks once a minute for what the queue alone does not show, and does nothing at the first sighting.
 *
 * @param look undefined: nothing is known now, and nothing is done
 */
export function startSweeping(
  { kind, system, look }: { kind: "azure" | "circleci"; system: string; look(): Promise<Looked | undefined> },
  {
    store,
    clock,
    endForCi,
    log,
    metrics,
  }: Pick<IntegrationParts, "store" | "clock" | "endForCi"> & { log: CiLog; metrics: CiMetrics },
): { stop(): void } {
  const ghosts = makeSightings();
  const mutes = makeSightings();
  const over = makeSightings();
  let isStopped = false;
  let isSweeping = false;
  let isFailing = false;

  async function sweep(): Promise<void> {
    const found = await look();
    if (!found || isStopped) return;
    metrics.found(found.ghosts.length, found.mutes.length);
    const isOver = over.again(found.over.map(({ id }) => id));
    for (const vm of found.over.filter(({ id }) => isOver.has(id))) {
      const why = `${system} said twice that its job is over, and its runner did not exit.`;
      if (await end(vm, "job_over", why)) metrics.forced(nameOf(vm));
    }
    const isMute = mutes.again(found.mutes.map(({ vm }) => vm.id));
    for (const { vm, why } of found.mutes.filter((mute) => isMute.has(mute.vm.id)))
      if (await end(vm, "not_registered", why)) metrics.removed("mute");
    const isGhost = ghosts.again(found.ghosts.map(({ name }) => name));
    for (const ghost of found.ghosts.filter(({ name }) => isGhost.has(name))) {
      if (!(await ghost.remove())) continue;
      await store.recordAct(
        {
          actor: ITSELF,
          action: `${kind}.remove_runner`,
          subject: vmName(ghost.vmId),
          outcome: "done",
          address: null,
          requestId: null,
          details: { name: ghost.name },
        },
        clock.now(),
      );
      metrics.removed("ghost");
    }
  }

  async function end(vm: Vm, reason: "job_over" | "not_registered", why: string): Promise<boolean> {
    const runner = nameOf(vm);
    const action = reason === "job_over" ? (`${kind}.force` as const) : (`${kind}.mute` as const);
    const caller = callerFor(kind, { name: runner, team: vm.team });
    const isEnded = await endForCi(caller, vm.id, { reason, why, action, details: { runner } });
    if (isEnded) log.warn({ vmId: vm.id, runner, why }, "a VM was ended");
    return isEnded;
  }

  async function tick(): Promise<void> {
    if (isSweeping) return;
    isSweeping = true;
    try {
      await sweep();
      isFailing = false;
    } catch (error) {
      if (!isStopped && !isFailing) log.warn({ why: messageOf(error) }, `${system} cannot be looked through`);
      isFailing = true;
    } finally {
      isSweeping = false;
    }
  }

  const ticking = every(clock, SWEEP_MS, () => void tick());
  return {
    stop() {
      isStopped = true;
      ticking.stop();
    },
  };
}

const nameOf = ({ spec }: Vm): string => spec.runnerFrom ?? "";
