// What vitest's reports of all packages come to.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { packageFolders } from "./packages.mjs";

/**
 * @param {string} root the workspace's folder
 * @param {string} name of the report file in each package's .reports
 */
export function reportsOf(root, name) {
  const paths = packageFolders(root).map((folder) => join(folder, ".reports", name));
  return {
    /** Removes those of earlier runs. */
    forget() {
      for (const path of paths) rmSync(path, { force: true });
    },
    /** @returns {{ passed: number, failed: number, skipped: number }} */
    sum() {
      const sum = { passed: 0, failed: 0, skipped: 0 };
      for (const path of paths.filter((path) => existsSync(path))) {
        const report = JSON.parse(readFileSync(path, "utf8"));
        sum.passed += report.numPassedTests;
        sum.failed += report.numFailedTests;
        sum.skipped += report.numPendingTests + report.numTodoTests;
      }
      return sum;
    },
    /**
     * The test files that took longest, the longest first.
     *
     * @param {number} count
     * @returns {{ file: string, seconds: number }[]}
     */
    slowest(count) {
      return paths
        .filter((path) => existsSync(path))
        .flatMap((path) => JSON.parse(readFileSync(path, "utf8")).testResults)
        .map(({ name, startTime, endTime }) => ({
          file: relative(root, name),
          seconds: Math.round((endTime - startTime) / 1000),
        }))
        .sort((a, b) => b.seconds - a.seconds)
        .slice(0, count);
    },
  };
}

/** The plain sum, "N passed, N failed". */
export function sayOf({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
