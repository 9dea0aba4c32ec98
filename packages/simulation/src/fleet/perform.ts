import type { UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { DatabaseUnusableError } from "@tartfleet/control-plane/src/store/faults.ts";
import { CallError, setPoolSchema } from "@tartfleet/shared";
import { CRASH_TEXT } from "../host/sim-tart.ts";
import type { Action, Who } from "../plan/plan.ts";
import type { Process } from "../world/process.ts";
import type { Fleet } from "./fleet.ts";
import type { HostSite } from "./host-site.ts";
import { ANA } from "./person.ts";

/** Carries out one action of the plan; what does not apply any more is left out. */
export function perform(fleet: Fleet, action: Action): void {
  const { world, site, clients, http } = fleet;
  const { timeline, network } = world;
  const until = (milliseconds: number) => timeline.now() + milliseconds;
  switch (action.kind) {
    case "create":
      return clients.create(action.job);
    case "client_ends":
      return clients.end(action.n);
    case "client_holds":
      return clients.hold(action.n, action.ms);
    case "crash":
      return crash(fleet, action);
    case "stop_process":
      for (const process of processesOf(fleet, action.who)) process.stop(action.ms);
      return;
    case "cut":
      network.cut(action.from, action.to, until(action.ms));
      if (action.bothWays) network.cut(action.to, action.from, until(action.ms));
      return;
    case "reset":
      return hostOf(fleet, action.host)?.lives.forEach(({ sockets }) => sockets.reset());
    case "half_open":
      return hostOf(fleet, action.host)?.lives.forEach(({ sockets }) => sockets.die());
    case "slow":
      return network.slowDown(action.place, action.factor, until(action.ms));
    case "repeat_reports":
      return hostOf(fleet, action.host)?.repeatReports(until(action.ms));
    case "repeat_requests":
      return http.trouble(until(action.ms));
    case "backup":
      return site.backUp();
    case "restore":
      return restore(fleet, action.downMs);
    case "host_dies":
      return hostDies(fleet, action);
    case "foreign_vm":
      return foreignVm(fleet, action);
    case "leaked_slot":
      return leak(fleet, action);
    case "host_fault":
      return hostOf(fleet, action.host)?.machine.strike(action.fault, action.chance, until(action.ms));
    case "guest_crash":
      return guestCrash(hostOf(fleet, action.host));
    case "clock_jump":
      if (action.who === "control-plane") site.jumpClock(action.ms);
      else hostOf(fleet, action.who)?.jumpClock(action.ms);
      return;
    case "second_agent":
      return secondAgent(hostOf(fleet, action.host), fleet, action.ms);
    case "database_fault":
      return site.disks.strike(action.fault, until(action.ms));
    case "theft":
      return void fleet.steal(action.theft);
    case "cordon":
      return void cordon(fleet, action);
    case "images":
      return void workOnImages(fleet, action);
    case "drain":
    case "remove_host":
    case "set_share":
    case "channel":
      return fleet.person.act(action);
    case "host_erased":
      return eraseHost(fleet, action);
    case "pool":
      return void keepWarm(fleet, action);
    default:
      action satisfies never;
  }
}

type Doing<K extends Action["kind"]> = Extract<Action, { kind: K }>;

function hostOf(fleet: Fleet, number: number): HostSite | undefined {
  return fleet.hosts.find(({ machine }) => machine.number === number);
}

function processesOf(fleet: Fleet, who: Who): Process[] {
  if (who === "control-plane") return [fleet.site.process()];
  return hostOf(fleet, who)?.lives.map(({ process }) => process) ?? [];
}

function crash(fleet: Fleet, { who, point, downMs, isReset }: Doing<"crash">): void {
  if (who === "control-plane") {
    fleet.nextRestart(downMs);
    if (!isReset) for (const { lives } of fleet.hosts) for (const { sockets } of lives) sockets.die();
  } else hostOf(fleet, who)?.nextRestart(downMs);
  for (const process of processesOf(fleet, who)) {
    if (point) process.killAt(point);
    else process.kill();
  }
}

function restore(fleet: Fleet, downMs: number): void {
  const { site } = fleet;
  fleet.nextRestart(downMs);
  // A dead one is on its way back already.
  site.kill();
  site.restore();
  fleet.onRestored();
}

function hostDies(fleet: Fleet, { host, downMs, foreign, losesJournal }: Doing<"host_dies">): void {
  const found = hostOf(fleet, host);
  if (!found?.machine.isUp) return;
  const { machine, lives, home } = found;
  machine.powerOff();
  for (const { process } of lives) process.kill();
  const [lost] = home.journal.keys();
  if (losesJournal && lost !== undefined) {
    home.journal.delete(lost);
    home.lost.add(lost);
  }
  fleet.world.timeline.after(downMs, () => {
    if (!machine.isUp) machine.powerOn();
    if (foreign && fleet.world.timeline.now() < fleet.calmAt) machine.addForeign("macos");
    found.ensureAgent();
  });
}

/** It dies for ever; the machine comes back with a new system, enrolled as it was. */
function eraseHost(fleet: Fleet, { host, downMs }: Doing<"host_erased">): void {
  const found = hostOf(fleet, host);
  if (!found?.machine.isUp) return;
  found.machine.powerOff();
  for (const { process } of found.lives) process.kill();
  found.machine.erase();
  found.home.journal.clear();
  fleet.world.timeline.after(downMs, () => {
    if (!found.machine.isUp) found.machine.powerOn();
    found.ensureAgent();
  });
}

async function cordon(fleet: Fleet, { host, ms }: Doing<"cordon">): Promise<void> {
  const name = hostOf(fleet, host)?.machine.name;
  const seconds = Math.ceil(ms / 1000);
  if (name === undefined) return;
  await askOfServing(fleet, (useCases) =>
    useCases.cordonHost(ANA, name, { reason: "a look at its disk", forSeconds: seconds }),
  );
}

const UNASKED = "ghcr.io/org/next:1";
const ASKED = "ghcr.io/org/macos:1";

async function workOnImages(fleet: Fleet, { wish }: Doing<"images">): Promise<void> {
  const all = { hostLabels: {} };
  await askOfServing(fleet, async (useCases) => {
    if (wish === "prepull") await useCases.planImage(ANA, { kind: "prepull", image: UNASKED, ...all });
    else if (wish === "pin") await useCases.planImage(ANA, { kind: "pin", image: ASKED, ...all });
    else await useCases.pruneImages(ANA, { dryRun: false, foreign: false, untilFreePercent: 100 });
  });
}

const POOL_PAUSE_MS = 10_000;

/** A restore may bring the pool back: it is removed until none can any more. */
async function keepWarm(fleet: Fleet, { image, minIdle, ms }: Doing<"pool">): Promise<void> {
  const { timeline } = fleet.world;
  const until = Math.min(timeline.now() + ms, fleet.calmAt);
  const name = `warm-${image}`;
  const pool = setPoolSchema.parse({ image: `ghcr.io/org/macos:${image}`, minIdle, maxAgeMinutes: 10 });
  await askOfServing(fleet, (useCases) => useCases.setPool(ANA, name, pool));
  await timeline.sleep(until - timeline.now());
  for (let isOver = false; !isOver;) {
    const answer = await askOfServing(fleet, async (useCases) => {
      if (useCases.listPools().length > 0) await useCases.removePool(ANA, name);
      return "removed";
    });
    isOver = answer === "removed" && timeline.now() >= fleet.calmAt;
    if (!isOver) await timeline.sleep(POOL_PAUSE_MS);
  }
}

/** Somebody asks for something, who lives with its being refused: undefined when nobody answers, or not so. */
async function askOfServing<T>(
  fleet: Fleet,
  ask: (useCases: UseCases) => Promise<T>,
): Promise<T | undefined> {
  const serving = fleet.site.serving();
  // One that stands still answers nobody.
  if (!serving || serving.process.wasStoppedSince(fleet.world.timeline.now())) return undefined;
  try {
    return await ask(serving.useCases);
  } catch (error) {
    // The host has not enrolled yet, nothing can be written down, or the disk breaks and the control plane with it.
    const isExpected = error instanceof CallError || error instanceof DatabaseUnusableError;
    // Who dies meanwhile answers nobody.
    if (serving.process.isAlive() && !isExpected) throw error;
    return undefined;
  }
}

function foreignVm(fleet: Fleet, { host, ms }: Doing<"foreign_vm">): void {
  const machine = hostOf(fleet, host)?.machine;
  if (!machine?.isUp) return;
  const vm = machine.addForeign("macos");
  fleet.world.timeline.after(ms, () => {
    machine.endRun(vm, "", { exitCode: 0, signal: null });
    machine.vms.delete(vm.name);
  });
}

function leak(fleet: Fleet, { host, ms }: Doing<"leaked_slot">): void {
  const machine = hostOf(fleet, host)?.machine;
  if (!machine?.isUp || machine.leakedSlots > 1) return;
  machine.leakedSlots += 1;
  fleet.world.timeline.after(ms, () => {
    machine.leakedSlots = Math.max(0, machine.leakedSlots - 1);
  });
}

function guestCrash(host: HostSite | undefined): void {
  if (!host) return;
  const { machine } = host;
  const running = [...machine.vms.values()].find(({ isForeign, run }) => !isForeign && run?.isAdmitted);
  if (running) machine.endRun(running, CRASH_TEXT, { exitCode: 0, signal: null });
}

function secondAgent(host: HostSite | undefined, fleet: Fleet, ms: number): void {
  if (!host?.machine.isUp) return;
  const second = host.start(host.newDataDir());
  fleet.world.timeline.after(ms, () => second.process.kill());
}
