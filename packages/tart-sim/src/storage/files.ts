import {
  closeSync,
  constants,
  cpSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** Replaces a file in one step. */
export function writeJsonFile(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(draft, path);
}

/** A file of that logical size that takes no room. */
export function makeSparseFile(path: string, bytes: number): void {
  const fd = openSync(path, "a");
  try {
    ftruncateSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

/** Copies a guest's filesystem; what belongs to running programs (sockets, pipes) stays behind. */
export function copyTree(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (source) => {
      const stat = lstatSync(source);
      return !stat.isSocket() && !stat.isFIFO();
    },
  });
}

export const logicalSize = (path: string): number => statSync(path).size;
