import { setTimeout as wait } from "node:timers/promises";
import type { ParsedCommand } from "../cli/spec.ts";
import type { RunningGuest } from "../guest/engine.ts";
import { grantLease, leaseMs, reserveAddress } from "../host/leases.ts";
import { liveRuns, type RunRecord, takeSlot, writeRun } from "../host/runs.ts";
import type { Sim } from "../sim.ts";
import { readConfig, readFacts, type VmDir } from "../storage/vm-dir.ts";
import { checkSoftnetRights, limitExceeded, startFailure } from "./configuration.ts";
import { openControlSocket } from "./control-socket.ts";
import type { Endings } from "./endings.ts";

export interface BootInput {
  sim: Sim;
  command: ParsedCommand;
  dir: VmDir;
  run: RunRecord;
  endings: Endings;
  /** Resumed from memory: everything inside is up at once. */
  resumed: boolean;
}

/** An address of those who got none. */
const selfAssigned = "169.254.13.37";

/**
 * Starts the guest: slot, guest engine, control socket; resolves when the framework would call the
 * VM started. What the guest itself needs time for goes on until the run is over.
 */
export async function boot(input: BootInput): Promise<RunningGuest> {
  const { sim, command, dir, run, endings } = input;
  const config = readConfig(dir);
  await sim.sleep(sim.duration(sim.host.profile.startMs, "start", dir.name), endings.over);
  const failure = startFailure(sim, config);
  if (failure !== undefined) throw failure;
  const refused = sim.faults.has("limit-exceeded") || !(await takeSlot(sim.hostDir, run));
  if (refused) throw limitExceeded(namesBeside(sim, run));
  checkSoftnetRights(sim, command);

  const blank = readFacts(dir).blank === true;
  const reserved = await reserveAddress(sim, config.macAddress, {
    duplicate: sim.faults.has("duplicate-ip"),
  });
  const neverGetsIp = blank || reserved === undefined || sim.faults.has("no-ip");
  if (neverGetsIp) writeRun(sim.hostDir, { ...run, started: true, neverGetsIp });
  const ip = reserved ?? selfAssigned;
  const guest = blank ? emptyMachine : await startGuest(sim, dir, config.os, ip);
  void guest.poweredOff.then(() => endings.end({ kind: "guest" }));
  const agent = { up: false };
  try {
    await openControlSocket({ sim, dir, guest, ip, agentIsUp: () => agent.up, over: endings.over });
  } catch (error) {
    await guest.powerOff();
    throw error;
  }
  if (blank) return guest;
  const inside = comeUp(input, guest, config.macAddress, { neverGetsIp, agent });
  void inside.catch((error: unknown) => {
    if (!endings.over.aborted) sim.warn(`tart-sim: the guest did not come up: ${String(error)}`);
  });
  return guest;
}

async function startGuest(sim: Sim, dir: VmDir, os: "darwin" | "linux", ip: string): Promise<RunningGuest> {
  const { chooseEngine } = await import("../guest/choose-engine.ts");
  const engine = await chooseEngine(sim.env);
  return engine.start({ name: dir.name, diskDir: dir.guestDisk, os, ip, hostDir: sim.hostDir });
}

/** What runs on a blank disk: the firmware, waiting for ever. */
const emptyMachine: RunningGuest = {
  exec: () => Promise.resolve({ kind: "signaled" }),
  startSshd: () => Promise.resolve(),
  poweredOff: new Promise(() => {}),
  powerOff: () => Promise.resolve(),
};

/** Other running VMs of the same TART_HOME, Linux ones included (tart-contract §4.1). */
const namesBeside = (sim: Sim, run: RunRecord): string[] =>
  liveRuns(sim.hostDir)
    .filter((other) => other.home === run.home && other.nonce !== run.nonce)
    .map(({ name }) => name)
    .sort();

/** The guest's own way up: lease, sshd, guest agent. */
async function comeUp(
  { sim, dir, endings, resumed }: BootInput,
  guest: RunningGuest,
  mac: string,
  { neverGetsIp, agent }: { neverGetsIp: boolean; agent: { up: boolean } },
): Promise<void> {
  const { profile } = sim.host;
  const after = async (range: readonly [number, number], purpose: string, extra = 0) => {
    if (!resumed) await sim.sleep(sim.duration(range, purpose, dir.name) + extra, endings.over);
  };
  await after(profile.ipMs, "ip", sim.faults.get("ip-late")?.ms);
  if (!neverGetsIp) {
    await grantLease(sim, mac);
    keepLease(sim, mac, endings.over).catch(() => undefined);
  }
  await after(profile.sshMs, "ssh");
  if (!sim.faults.has("sshd-never")) await startSshd(sim, guest);
  await after(profile.agentMs, "agent", sim.faults.get("agent-slow")?.ms);
  if (!readFacts(dir).agent || sim.faults.has("agent-never")) return;
  agent.up = true;
  const flaps = sim.faults.get("agent-flaps");
  if (flaps === undefined) return;
  for (;;) {
    await sim.sleep(flaps.ms ?? 5000, endings.over);
    agent.up = !agent.up;
  }
}

/** A guest without sshd goes on: with a doubled address, another VM may have the port. */
const startSshd = (sim: Sim, guest: RunningGuest): Promise<void> =>
  guest.startSshd().catch((error: unknown) => sim.warn(`tart-sim: sshd did not start: ${String(error)}`));

/** Guests renew at half of the lease. */
async function keepLease(sim: Sim, mac: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await wait(leaseMs(sim) / 2, undefined, { signal: over });
    await grantLease(sim, mac);
  }
}
