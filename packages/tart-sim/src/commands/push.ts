import { existsSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { validationFailure, vmDoesNotExist, vmIsRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { type HeldLock, tryLock } from "../host/lock-file.ts";
import { type ImageEntry, catalogueFile, readEntries, tagsOf } from "../registry/catalogue.ts";
import { GB } from "../registry/disk-space.ts";
import { pullImage } from "../registry/pull.ts";
import { makeProgress } from "../registry/progress.ts";
import { isReallyThere } from "../registry/registry.ts";
import type { Sim } from "../sim.ts";
import { copyTree, logicalSize, writeJsonFile } from "../storage/files.ts";
import { isRemoteName, openLocalVm } from "../storage/home.ts";
import { cachedImage, remoteNameOf } from "../storage/oci-cache.ts";
import { type RemoteName, repository } from "../storage/remote-name.ts";
import { MiB } from "../storage/vm-config.ts";
import { readConfig, readFacts, type VmDir } from "../storage/vm-dir.ts";

export function validate(_sim: Sim, command: ParsedCommand): void {
  if ((command.int("concurrency") ?? 4) < 1)
    throw validationFailure("network concurrency cannot be less than 1");
}

/** `tart push` (tart-contract §2.12), to a registry that is really there or into the host's own catalogue. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const typed = command.arg("local-name");
  const dir = isRemoteName(typed) ? cachedImage(sim.home, remoteNameOf(typed)) : openLocalVm(sim.home, typed);
  if (dir === undefined) throw vmDoesNotExist(typed);
  const names = command.args("remote-names").map(remoteNameOf);
  const insecure = command.flag("insecure");
  const held = isRemoteName(typed) ? undefined : lockVm(dir);
  try {
    for (const group of Map.groupBy(names, repository).values()) {
      const push = { typed, dir, names: group, labels: labelsOf(command), insecure };
      await pushTo(sim, push);
    }
  } finally {
    held?.release();
  }
  if (command.flag("populate-cache"))
    for (const name of names) await pullImage({ ...sim, say: () => {} }, name, insecure);
  return 0;
}

const labelsOf = (command: ParsedCommand): Record<string, string> =>
  Object.fromEntries(
    command.values("label").map((label) => {
      const [name = "", ...value] = label.split("=");
      return [name, value.join("=")];
    }),
  );

function lockVm(dir: VmDir): HeldLock {
  const held = tryLock(dir.runLock);
  if (held === undefined) throw vmIsRunning(dir.name);
  return held;
}

const tagOf = ({ reference }: RemoteName): string => (reference.kind === "tag" ? reference.tag : "latest");

interface Push {
  typed: string;
  dir: VmDir;
  /** Of one repository. */
  names: readonly RemoteName[];
  labels: Readonly<Record<string, string>>;
  insecure: boolean;
}

async function pushTo(sim: Sim, { typed, dir, names, labels, insecure }: Push): Promise<void> {
  const [first] = names;
  if (first === undefined) return;
  const tags = names.map(tagOf);
  const target = repository(first);
  const shown = tags.length === 1 ? `:${tags[0] ?? ""}` : `{${tags.map((tag) => `:${tag}`).join(",")}}`;
  sim.say(`pushing ${typed} to ${target}${shown}...`);
  if (isReallyThere(sim, first.host)) {
    const [{ openRepository }, { pushImage }] = await Promise.all([
      import("../registry/oci-client.ts"),
      import("../registry/oci-push.ts"),
    ]);
    return pushImage(sim, dir, openRepository(sim, first, { insecure }), { target, tags, labels });
  }
  sim.say("pushing config...");
  sim.say("pushing disk... this will take a while...");
  await uploadDisk(sim, dir);
  sim.say("pushing NVRAM...");
  for (const tag of tags) sim.say(`pushing manifest for ${target}:${tag}...`);
  addToCatalogue(sim, target, tags, dir);
}

const UPLOAD_STEPS = 10;

async function uploadDisk(sim: Sim, dir: VmDir): Promise<void> {
  const progress = makeProgress(sim);
  const megabytesPerSecond = sim.duration(sim.host.profile.pullMBps, "push", dir.name);
  const wholeMs = (readFacts(dir).allocatedBytes / 1e6 / megabytesPerSecond) * 1000;
  for (let step = 0; step <= UPLOAD_STEPS; step++) {
    progress.show(step / UPLOAD_STEPS);
    await sim.sleep(wholeMs / UPLOAD_STEPS);
  }
}

/** The registry takes the tags away from whatever had them; what it has is named by its content, the others as before. */
function addToCatalogue(sim: Sim, name: string, tags: readonly string[], dir: VmDir): void {
  const files = join(sim.hostDir, "images", `pushed-${randomUUID()}`);
  if (existsSync(dir.guestDisk)) copyTree(dir.guestDisk, files);
  const config = readConfig(dir);
  const facts = readFacts(dir);
  const image: ImageEntry = {
    name,
    tags,
    os: config.os,
    diskGB: logicalSize(dir.disk) / GB,
    allocatedGB: facts.allocatedBytes / GB,
    compressedGB: Math.max(1, Math.round((facts.allocatedBytes / GB) * 0.6)),
    cpu: config.cpuCount,
    memoryMiB: config.memorySize / MiB,
    diskFormat: config.diskFormat,
    agent: facts.agent,
    ...(existsSync(files) ? { files } : {}),
    ...(facts.minHostVersion === undefined ? {} : { minHostVersion: facts.minHostVersion }),
  };
  const others = readEntries(sim.hostDir).map((other) =>
    other.name === name ? { ...other, tags: tagsOf(other).filter((tag) => !tags.includes(tag)) } : other,
  );
  writeJsonFile(catalogueFile(sim.hostDir), [...others, image]);
}
