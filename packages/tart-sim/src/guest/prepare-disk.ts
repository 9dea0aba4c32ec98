import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { existsSync } from "node:fs";
import type { GuestEngine, GuestSpec } from "./engine.ts";
import {
  compileCacheDir,
  homePath,
  hostPathOf,
  simDirName,
  sourceDir,
  systemDir,
  temporaryPath,
} from "./layout.ts";

export interface Preparation {
  engine: GuestEngine["kind"];
  /** Link the system volume into the disk (it will be mounted there otherwise). */
  linkSystem: boolean;
  /** Directories of image/system that come first in the guest's PATH. */
  shims: readonly string[];
}

/** The parts of image/system that a guest of that kind needs on this machine, most special first. */
export function systemParts(os: GuestSpec["os"], ownProcesses: boolean): string[] {
  return [
    ...(ownProcesses ? [] : ["process"]),
    ...(os === "darwin" ? ["darwin"] : []),
    "any",
    ...(existsSync("/usr/bin/curl") ? [] : ["curl"]),
    ...(existsSync("/bin/zsh") ? [] : ["zsh"]),
  ];
}

/** Their directories with programs, relative to image/system. */
export const programDirs = (parts: readonly string[]): string[] =>
  parts.flatMap((part) =>
    ["bin", "sbin"].map((kind) => `${part}/${kind}`).filter((dir) => existsSync(path.join(systemDir, dir))),
  );

/** Lays down the system volume (`.sim`) of a guest that is about to start; its disk is left as it is. */
export async function prepareDisk(
  spec: GuestSpec,
  { engine, linkSystem, shims }: Preparation,
): Promise<void> {
  const sim = path.join(spec.diskDir, simDirName);
  await rm(sim, { recursive: true, force: true });
  await Promise.all([
    mkdir(path.join(sim, "run"), { recursive: true }),
    mkdir(compileCacheDir, { recursive: true }),
    mkdir(hostPathOf(spec.diskDir, homePath(spec.os)), { recursive: true }),
    mkdir(hostPathOf(spec.diskDir, temporaryPath(spec.os)), { recursive: true }),
  ]);
  const facts = { ip: spec.ip, hostname: spec.name, os: spec.os, engine, shims: shims.join("\n") };
  await Promise.all([
    ...Object.entries(facts).map(async ([name, fact]) => writeFile(path.join(sim, "run", name), `${fact}\n`)),
    ...(linkSystem ? linkAll(sim) : mountPoints(sim)),
  ]);
}

const linkAll = (sim: string): Promise<void>[] => [
  symlink(systemDir, path.join(sim, "system")),
  symlink(sourceDir, path.join(sim, "lib")),
  symlink(process.execPath, path.join(sim, "node")),
  symlink(compileCacheDir, path.join(sim, "cache")),
];

const mountPoints = (sim: string): Promise<unknown>[] => [
  mkdir(path.join(sim, "system")),
  mkdir(path.join(sim, "lib")),
  mkdir(path.join(sim, "cache")),
  writeFile(path.join(sim, "node"), ""),
];
