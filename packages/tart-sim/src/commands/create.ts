import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runtimeFailure, validationFailure, vmIsRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { randomMac } from "../host/random.ts";
import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { makeSparseFile } from "../storage/files.ts";
import { isRemoteName, localVm, lockDirectory, tmpDir } from "../storage/home.ts";
import { MiB, writeVmConfig } from "../storage/vm-config.ts";
import { isLocked, vmDirAt, writeFacts } from "../storage/vm-dir.ts";

/** First macOS whose disks may be ASIF. */
const ASIF_SINCE = 26;

export function validate(sim: Sim, command: ParsedCommand): void {
  if (isRemoteName(command.arg("name"))) throw validationFailure("<name> should be a local name");
  if (!command.flag("linux") && command.value("from-ipsw") === undefined)
    throw validationFailure("Please specify either a --from-ipsw or --linux option!");
  const format = command.value("disk-format") ?? "raw";
  if (format !== "raw" && format !== "asif")
    throw validationFailure(`The value '${format}' is invalid for '--disk-format <disk-format>'`);
  if (format === "asif" && Number.parseInt(sim.host.osVersion, 10) < ASIF_SINCE)
    throw validationFailure("Disk format 'asif' is not supported on this system.");
}

/** `tart create --linux` (tart-contract §2.2). macOS from an IPSW is not simulated. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  if (!command.flag("linux"))
    throw runtimeFailure("tart-sim: create --from-ipsw is not simulated; clone an image instead");
  const target = localVm(sim.home, command.arg("name"));
  if (sim.quirks.has("refusesRunningTarget") && isLocked(target, sim.now())) throw vmIsRunning(target.name);
  const path = join(tmpDir(sim.home), randomUUID());
  const held = await lockDirectory(sim, path, { signal: sim.cancelled });
  try {
    mkdirSync(path, { recursive: true });
    const dir = vmDirAt(target.name, path);
    writeVmConfig(dir.config, {
      version: 1,
      os: "linux",
      arch: "arm64",
      cpuCountMin: 1,
      cpuCount: 4,
      memorySizeMin: 512 * MiB,
      memorySize: 4096 * MiB,
      macAddress: randomMac(sim.random, target.name, "create"),
      display: { width: 1024, height: 768 },
      diskFormat: command.value("disk-format") === "asif" ? "asif" : "raw",
    });
    makeSparseFile(dir.disk, (command.int("disk-size") ?? 50) * GB);
    writeFileSync(dir.nvram, "");
    writeFacts(dir, { allocatedBytes: 0, agent: false, blank: true });
    mkdirSync(dir.guestDisk);
    mkdirSync(dirname(target.path), { recursive: true });
    rmSync(target.path, { recursive: true, force: true });
    renameSync(path, target.path);
  } finally {
    rmSync(path, { recursive: true, force: true });
    held.release();
  }
  return 0;
}
