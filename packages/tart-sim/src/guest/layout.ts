import { tmpdir } from "node:os";
import path from "node:path";
import type { GuestSpec } from "./engine.ts";

/**
 * Where things are in a guest. The disk directory is the root of the guest's filesystem; `.sim` in
 * it is what a Mac would call the system volume: laid down anew at each start, not part of the image.
 *
 *   .sim/run/       facts about this guest: ip, hostname, os, shims, init.pid, agent.sock
 *   .sim/system/    image/system of this package: programs that stand in for macOS's
 *   .sim/lib/       src of this package: guest-side programs written in TypeScript
 *   .sim/node       the node that runs them
 *   .sim/cache/     what node has compiled of them, shared by all guests of the machine
 */
export const simDirName = ".sim";

export const packageDir = path.resolve(import.meta.dirname, "../..");
export const systemDir = path.join(packageDir, "image/system");
export const sourceDir = path.join(packageDir, "src");

/** Where node keeps its compile cache by default. */
export const compileCacheDir = path.join(tmpdir(), "node-compile-cache");

export type GuestOs = GuestSpec["os"];

/** The admin's home as the guest names it. */
export const homePath = (os: GuestOs): string => (os === "darwin" ? "/Users/admin" : "/home/admin");

/** A directory for temporary files on the guest's own disk. */
export const temporaryPath = (os: GuestOs): string => (os === "darwin" ? "/private/tmp" : "/tmp");

export const hostPathOf = (diskDir: string, guestPath: string): string => path.join(diskDir, guestPath);
