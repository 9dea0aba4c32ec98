import { existsSync } from "node:fs";
import { runtimeFailure, swiftFailure, validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { randomMac } from "../host/random.ts";
import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { logicalSize, makeSparseFile } from "../storage/files.ts";
import { openLocalVm } from "../storage/home.ts";
import { MiB, type VmConfig, writeVmConfig } from "../storage/vm-config.ts";
import { readConfig, readFacts, type VmDir, writeFacts } from "../storage/vm-dir.ts";

const displayForm = /^(\d+)x(\d+)(pt|px)?$/;

export function validate(_sim: Sim, command: ParsedCommand): void {
  const display = command.value("display");
  if (display !== undefined && !displayForm.test(display))
    throw validationFailure(`The value '${display}' is invalid for '--display <display>'`);
}

/** `tart set` (tart-contract §2.3). Running VMs are not spared; they see it at their next start. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const dir = openLocalVm(sim.home, command.arg("name"));
  const before = readConfig(dir);
  const config: VmConfig = { ...before };
  const cpu = command.int("cpu");
  const memory = command.int("memory");
  const display = displayForm.exec(command.value("display") ?? "");
  if (cpu !== undefined) config.cpuCount = atLeast(before.cpuCountMin, cpu, "CPU cores");
  if (memory !== undefined)
    config.memorySize = atLeast(before.memorySizeMin, memory * MiB, "bytes of memory");
  if (display !== null) {
    const unit = display[3];
    config.display = {
      width: Number(display[1]),
      height: Number(display[2]),
      ...(unit === undefined ? {} : { unit }),
    };
  }
  // Saying nothing about it clears what was stored.
  delete config.displayRefit;
  if (command.flag("display-refit")) config.displayRefit = true;
  if (command.flag("random-mac"))
    config.macAddress = randomMac(sim.random, dir.name, "set", before.macAddress);
  if (command.flag("random-serial") && config.os === "darwin")
    config.ecid = sim.random(24, "ecid", dir.name, before.ecid ?? "").toString("base64");
  writeVmConfig(dir.config, config);
  replaceDisk(dir, command.value("disk"));
  growDisk(dir, command.int("disk-size"));
  return 0;
}

function atLeast(minimum: number, requested: number, what: string): number {
  if (requested < minimum)
    throw swiftFailure(
      `LessThanMinimalResourcesError: VM should have ${minimum} ${what} at minimum (requested ${requested})`,
    );
  return requested;
}

function replaceDisk(dir: VmDir, path: string | undefined): void {
  if (path === undefined) return;
  if (!existsSync(path))
    throw swiftFailure(`The file “${path}” couldn’t be opened because there is no such file.`);
  makeSparseFile(dir.disk, logicalSize(path));
  writeFacts(dir, { ...readFacts(dir), allocatedBytes: logicalSize(path) });
}

function growDisk(dir: VmDir, gigabytes: number | undefined): void {
  if (gigabytes === undefined) return;
  const current = logicalSize(dir.disk);
  const wanted = gigabytes * GB;
  if (wanted < current)
    throw runtimeFailure(
      `new disk size of ${gigabytes} GB should be larger than the current disk size of ${Math.floor(current / GB)} GB`,
    );
  makeSparseFile(dir.disk, wanted);
}
