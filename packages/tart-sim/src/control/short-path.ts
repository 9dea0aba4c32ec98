import { chdir, cwd } from "node:process";

/**
 * Unix socket paths end at 103 bytes, so the socket is named relative to its directory: the path is
 * used up while `body` runs. Leaving the directory again also keeps Node from removing the socket
 * at exit, as the original leaves it behind.
 */
export function inDirectory<T>(directory: string, body: () => T): T {
  const before = cwd();
  chdir(directory);
  try {
    return body();
  } finally {
    chdir(before);
  }
}

/** Paths that survive the percent-encoding of older releases (tart-contract §0.2). */
export const isPlainPath = (path: string): boolean => /^[!-~]*$/.test(path) && !path.includes("%");
