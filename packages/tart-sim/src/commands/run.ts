import { existsSync, rmSync, writeFileSync } from "node:fs";
import { swiftFailure, TartFailure, vmAlreadyRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { type HeldLock, tryLock } from "../host/lock-file.ts";
import { randomMac } from "../host/random.ts";
import { removeRun, type RunRecord, writeRun } from "../host/runs.ts";
import { boot } from "../run/boot.ts";
import { checkConfiguration, restoreFailure } from "../run/configuration.ts";
import { type Ending, type Endings, makeEndings } from "../run/endings.ts";
import { checkRunFlags, checkShares } from "../run/flags.ts";
import { showScreen } from "../run/screen.ts";
import type { RunningGuest } from "../guest/engine.ts";
import type { Sim } from "../sim.ts";
import { localVm, localVms, openLocalVm, withGlobalLock } from "../storage/home.ts";
import { writeVmConfig } from "../storage/vm-config.ts";
import { isLocked, readConfig, touchAccess, type VmDir } from "../storage/vm-dir.ts";

/** `run` alone looks at the storage while validating: its "does not exist" is exit 1 (class R2). */
export function validate(sim: Sim, command: ParsedCommand): void {
  checkRunFlags(command);
  try {
    openLocalVm(sim.home, command.arg("name"));
  } catch (error) {
    throw error instanceof TartFailure ? swiftFailure(error.stderr) : error;
  }
}

/** `tart run` (tart-contract §2.6, §12.3): this process is the VM. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const dir = localVm(sim.home, command.arg("name"));
  const held = await withGlobalLock(sim, async () => {
    giveFreshMac(sim, dir);
    checkConfiguration(sim, command, readConfig(dir));
    checkShares(command);
    if (isLocked(dir, sim.now())) throw vmAlreadyRunning(dir.name);
    const taken = tryLock(dir.runLock);
    if (taken === undefined) throw vmAlreadyRunning(dir.name);
    return taken;
  });
  const endings = makeEndings();
  listenToSignals(sim, endings);
  touchAccess(dir, sim.now());
  const run = runRecord(sim, dir, held);
  writeRun(sim.hostDir, run);
  try {
    return await live(sim, command, dir, run, endings);
  } finally {
    removeRun(sim.hostDir, run);
    held.release();
  }
}

function runRecord(sim: Sim, dir: VmDir, { owner }: HeldLock): RunRecord {
  return {
    ...owner,
    home: sim.home,
    name: dir.name,
    os: readConfig(dir).os,
    started: false,
    neverGetsIp: false,
    ignoresInterrupt: sim.faults.has("ignore-sigint"),
    leaks: sim.faults.has("slot-leak"),
  };
}

/** SIGTERM and SIGHUP keep their default action: the process dies, and the VM with it. */
function listenToSignals(sim: Sim, endings: Endings): void {
  process.on("SIGINT", () => sim.faults.has("ignore-sigint") || endings.end({ kind: "stopped" }));
  process.on("SIGUSR1", () => endings.end({ kind: "suspended" }));
  process.on("SIGUSR2", () => sim.say("Requesting guest OS to stop..."));
}

/** Two running VMs must not share a MAC (§2.6 step 3). */
function giveFreshMac(sim: Sim, dir: VmDir): void {
  const config = readConfig(dir);
  const collides = localVms(sim.home).some(
    (other) =>
      other.name !== dir.name &&
      isLocked(other, sim.now()) &&
      readConfig(other).macAddress === config.macAddress,
  );
  if (!collides) return;
  sim.say("There is already a running VM with the same MAC address!");
  sim.say("Resetting VM to assign a new MAC address...");
  writeVmConfig(dir.config, {
    ...config,
    macAddress: randomMac(sim.random, dir.name, "run", config.macAddress),
  });
  rmSync(dir.state, { force: true });
}

async function live(
  sim: Sim,
  command: ParsedCommand,
  dir: VmDir,
  run: RunRecord,
  endings: Endings,
): Promise<number> {
  const suspendable = command.flag("suspendable") || existsSync(dir.state);
  const resumed = await restore(sim, dir, endings);
  const booting = boot({ sim, command, dir, run, endings, resumed });
  scheduleFaults(sim, booting, endings);
  const failed = booting
    .then(() => showScreen(sim, command, dir, endings.over))
    .then(() => new Promise<never>(() => {}));
  failed.catch(() => undefined);
  let ending: Ending;
  try {
    ending = await Promise.race([endings.first, failed]);
  } catch (error) {
    if (!endings.over.aborted) {
      await powerOff(booting);
      throw error;
    }
    ending = await endings.first;
  }
  const code = await wind(sim, dir, ending, suspendable);
  await powerOff(booting);
  return code;
}

/** Takes the power from the guest, if it ever came to be. */
async function powerOff(booting: Promise<RunningGuest>): Promise<void> {
  const guest = await booting.catch(() => undefined);
  await guest?.powerOff();
}

async function restore(sim: Sim, dir: VmDir, endings: Endings): Promise<boolean> {
  if (!existsSync(dir.state)) return false;
  sim.say("restoring VM state from a snapshot...");
  if (sim.faults.has("restore-failure")) throw restoreFailure();
  await sim
    .sleep(sim.duration(sim.host.profile.restoreMs, "restore", dir.name), endings.over)
    .catch(() => undefined);
  rmSync(dir.state, { force: true });
  sim.say("resuming VM...");
  return true;
}

/** Faults that strike some time after the start. */
function scheduleFaults(sim: Sim, booting: Promise<RunningGuest>, endings: Endings): void {
  const strike = (ms: number | undefined, ending: Ending) =>
    void booting
      .then(() => sim.sleep(ms ?? 5000, endings.over))
      .then(() => endings.end(ending))
      .catch(() => undefined);
  const crash = sim.faults.get("guest-crash");
  if (crash !== undefined) strike(crash.ms, { kind: "crashed" });
  const network = sim.faults.get("network-lost");
  if (network !== undefined) strike(network.ms, { kind: "network lost" });
}

const crashError =
  'Error Domain=VZErrorDomain Code=1 "The virtual machine stopped unexpectedly." UserInfo={NSLocalizedFailure=Internal Virtualization error., NSLocalizedFailureReason=The virtual machine stopped unexpectedly.}';
const networkError =
  'Error Domain=VZErrorDomain Code=6 "Internal Network Error." UserInfo={NSLocalizedFailure=Internal Network Error.}';

/** Says how the run ended and answers its exit code; crashes are 0 too (§2.6). */
async function wind(sim: Sim, dir: VmDir, ending: Ending, suspendable: boolean): Promise<number> {
  switch (ending.kind) {
    case "stopped":
      sim.say("Stopping VM...");
      await pause(sim, sim.host.profile.stopMs, "stop", dir);
      if (sim.quirks.has("identityServiceLine"))
        sim.say("Cancelled the VM's Apple identity service for shutdown");
      return 0;
    case "suspended":
      return suspend(sim, dir, suspendable);
    case "guest":
      sim.say("guest has stopped the virtual machine");
      return 0;
    case "crashed":
      sim.say(`guest has stopped the virtual machine due to error: ${crashError}`);
      return 0;
    case "network lost":
      sim.say(
        `virtual machine's network attachment <VZNATNetworkDeviceAttachment: 0x600002a0c0e0> has been disconnected with error: ${networkError}`,
      );
      return 0;
  }
}

const pause = (sim: Sim, range: readonly [number, number], purpose: string, { name }: VmDir): Promise<void> =>
  sim.sleep(sim.duration(range, purpose, name));

async function suspend(sim: Sim, dir: VmDir, suspendable: boolean): Promise<number> {
  if (!suspendable || readConfig(dir).os !== "darwin") {
    sim.say(
      'Failed to suspend the VM: Error Domain=VZErrorDomain Code=2 "Invalid virtual machine configuration. Unsupported console device in configuration."',
    );
    return 1;
  }
  sim.say("pausing VM to take a snapshot...");
  await pause(sim, sim.host.profile.suspendMs, "suspend", dir);
  sim.say("creating a snapshot...");
  writeFileSync(dir.state, "");
  sim.say("snapshot created successfully! shutting down the VM...");
  return 0;
}
