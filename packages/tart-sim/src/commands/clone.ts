import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { swiftFailure, validationFailure, vmDoesNotExist, vmIsRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { randomMac } from "../host/random.ts";
import { compareVersions, parseVersion } from "../host/version.ts";
import { GiB, pruneFor } from "../registry/disk-space.ts";
import { pullImage } from "../registry/pull.ts";
import type { Sim } from "../sim.ts";
import { copyTree, logicalSize, makeSparseFile } from "../storage/files.ts";
import {
  isRemoteName,
  localVm,
  localVms,
  lockDirectory,
  openLocalVm,
  tmpDir,
  withGlobalLock,
} from "../storage/home.ts";
import { cachedImage, remoteNameOf } from "../storage/oci-cache.ts";
import { readVmConfig, writeVmConfig } from "../storage/vm-config.ts";
import {
  isComplete,
  isLocked,
  readConfig,
  readFacts,
  touchAccess,
  type VmDir,
  vmDirAt,
  writeFacts,
} from "../storage/vm-dir.ts";

export function validate(sim: Sim, command: ParsedCommand): void {
  const target = command.arg("new-name");
  if (isRemoteName(target)) throw validationFailure("<new-name> should be a local name");
  if ((command.int("concurrency") ?? 4) < 1)
    throw validationFailure("network concurrency cannot be less than 1");
  const refuses = sim.quirks.has("cloneRefusesExisting") || sim.faults.has("clone-refuses-existing");
  if (refuses && !command.flag("overwrite") && existsSync(localVm(sim.home, target).path))
    throw validationFailure(`VM "${target}" already exists, use --overwrite to replace it`);
}

/** `tart clone` (tart-contract §2.1). Up to 2.40 an existing name is replaced, running or not. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const source = await openSource(sim, command.arg("source-name"), command.flag("insecure"));
  checkHostVersion(sim, source);
  const target = localVm(sim.home, command.arg("new-name"));
  const path = join(tmpDir(sim.home), randomUUID());
  const held = await lockDirectory(sim, path, { signal: sim.cancelled });
  try {
    mkdirSync(path, { recursive: true });
    const draft = vmDirAt(target.name, path);
    await withGlobalLock(sim, async () => {
      if (sim.quirks.has("refusesRunningTarget") && isLocked(target, sim.now()))
        throw vmIsRunning(target.name);
      copyFiles(source, draft);
      await sim.sleep(sim.duration(sim.host.profile.cloneMs, "clone", target.name));
      if (sim.faults.has("disk-full"))
        throw swiftFailure('Error Domain=NSPOSIXErrorDomain Code=28 "No space left on device"');
      giveOwnMac(sim, draft, source);
      mkdirSync(dirname(target.path), { recursive: true });
      rmSync(target.path, { recursive: true, force: true });
      renameSync(draft.path, target.path);
    });
  } finally {
    rmSync(path, { recursive: true, force: true });
    held.release();
  }
  touchAccess(source, sim.now());
  touchAccess(target, sim.now());
  const limit = (command.int("prune-limit") ?? 100) * GiB;
  const unallocated = logicalSize(source.disk) - readFacts(source).allocatedBytes;
  pruneFor(sim, Math.min(Math.max(0, unallocated), limit), source);
  return 0;
}

/** A local VM, or an image: from the cache when it is there, without asking the registry (§2.1). */
async function openSource(sim: Sim, name: string, insecure: boolean): Promise<VmDir> {
  if (!isRemoteName(name)) return openLocalVm(sim.home, name);
  const remote = remoteNameOf(name);
  const cached = cachedImage(sim.home, remote);
  if (cached !== undefined) return cached;
  await pullImage(sim, remote, insecure);
  const pulled = cachedImage(sim.home, remote);
  if (pulled === undefined) throw vmDoesNotExist(name);
  return pulled;
}

/** An image made for a newer macOS cannot be read, after all its download (tart-contract §5.6). */
function checkHostVersion(sim: Sim, source: VmDir): void {
  const needed = versionOf(readFacts(source).minHostVersion ?? "0");
  if (compareVersions(versionOf(sim.host.osVersion), needed) < 0)
    throw swiftFailure(
      'dataCorrupted(Swift.DecodingError.Context(codingPath: [CodingKeys(stringValue: "hardwareModel", intValue: nil)], debugDescription: "", underlyingError: nil))',
    );
}

/** `26.1` and `15` are versions too. */
const versionOf = (text: string) => parseVersion(`${text}.0.0`.split(".").slice(0, 3).join(".")) ?? [0, 0, 0];

function copyFiles(source: VmDir, target: VmDir): void {
  writeVmConfig(target.config, readConfig(source));
  makeSparseFile(target.disk, logicalSize(source.disk));
  writeFileSync(target.nvram, "");
  if (existsSync(source.state)) writeFileSync(target.state, "");
  writeFacts(target, readFacts(source));
  if (existsSync(source.guestDisk)) copyTree(source.guestDisk, target.guestDisk);
  else mkdirSync(target.guestDisk);
}

/** A new MAC only when a local VM already has this one and there is no memory state (§2.1). */
function giveOwnMac(sim: Sim, target: VmDir, source: VmDir): void {
  const config = readConfig(target);
  const taken = localVms(sim.home).some(
    (vm) =>
      vm.name !== target.name && isComplete(vm) && readVmConfig(vm.config).macAddress === config.macAddress,
  );
  if (!taken || existsSync(source.state)) return;
  writeVmConfig(target.config, { ...config, macAddress: randomMac(sim.random, target.name, "clone") });
}
