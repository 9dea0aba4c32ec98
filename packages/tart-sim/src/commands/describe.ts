import type { Json } from "../format/swift-json.ts";
import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { swiftFailure } from "../cli/failure.ts";
import { showDisplay, MiB } from "../storage/vm-config.ts";
import { accessedAt, logicalBytes, readConfig, readFacts, type VmDir, vmState } from "../storage/vm-dir.ts";

/** What `list` and `get` tell of a VM or image. Sizes in bytes. */
export interface Description {
  source: "local" | "OCI";
  name: string;
  disk: number;
  allocated: number;
  accessed: Date;
  state: "running" | "suspended" | "stopped";
  os: string;
  cpu: number;
  memoryMiB: number;
  diskFormat: string;
  display: string;
}

export function describe(sim: Sim, source: "local" | "OCI", dir: VmDir): Description {
  const config = readConfig(dir);
  const state = vmState(dir, sim.now());
  if (state === "running" && config.diskFormat === "asif" && sim.quirks.has("asifBlocksList"))
    throw asifBusy(dir);
  if (sim.faults.has("asif-blocked")) throw asifBusy(dir);
  return {
    source,
    name: dir.name,
    disk: logicalBytes(dir),
    allocated: readFacts(dir).allocatedBytes,
    accessed: new Date(accessedAt(dir)),
    state,
    os: config.os,
    cpu: config.cpuCount,
    memoryMiB: Math.floor(config.memorySize / MiB),
    diskFormat: config.diskFormat,
    display: showDisplay(config.display),
  };
}

/** `Disk` of a running VM with an ASIF disk cannot be told by newer releases (tart-contract §0.2). */
export function diskField(sim: Sim, { disk, diskFormat, state }: Description): Json {
  const unknown = diskFormat === "asif" && state === "running" && sim.quirks.has("asifDiskIsNull");
  return unknown || sim.faults.has("disk-null") ? null : Math.floor(disk / GB);
}

const asifBusy = ({ disk }: VmDir) =>
  swiftFailure(
    `"image info --plist ${disk}" failed with exit code 1: Error: Failed to retrieve info for disk image: The operation couldn’t be completed. Resource temporarily unavailable`,
  );
