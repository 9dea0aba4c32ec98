import { fstatSync } from "node:fs";

const EVERY_MS = 60_000;

/**
 * Tells once when the file that a descriptor leads to has been removed. newsyslog(8) renames a log that is too long,
 * packs it and removes what was packed; who has it open writes on into nothing, and launchd opens it only for a new
 * process.
 *
 * @returns ends the watch
 */
export function whenCut(descriptor: number, tell: () => void, everyMs = EVERY_MS): () => void {
  const timer = setInterval(() => {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.nlink > 0) return;
    clearInterval(timer);
    tell();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
