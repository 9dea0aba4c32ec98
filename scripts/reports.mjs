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
  const read = () =>
    paths.filter((path) => existsSync(path)).map((path) => JSON.parse(readFileSync(path, "utf8")));
  return {
    /** Removes those of earlier runs. */
    forget() {
      for (const path of paths) rmSync(path, { force: true });
    },
    /** @returns {{ passed: number, failed: number, skipped: number }} */
    sum() {
      const sum = { passed: 0, failed: 0, skipped: 0 };
      for (const report of read()) {
        sum.passed += report.numPassedTests;
        sum.failed += report.numFailedTests;
        sum.skipped += report.numPendingTests + report.numTodoTests;
      }
      return sum;
    },
    /**
     * What failed, for whoever sees no more than the end of a run.
     *
     * @returns {{ file: string, test: string, message: string }[]} `test` is empty where the file itself failed
     */
    failures() {
      return read()
        .flatMap((report) => report.testResults)
        .flatMap(({ name, status, message, assertionResults }) => {
          const file = relative(root, name);
          const failed = assertionResults.filter((test) => test.status === "failed");
          if (failed.length === 0) return status === "failed" ? [{ file, test: "", message }] : [];
          return failed.map(({ fullName, failureMessages }) => ({
            file,
            test: fullName,
            message: failureMessages.join("\n"),
          }));
        });
    },
    /**
     * The test files that took longest, the longest first.
     *
     * @param {number} count
     * @returns {{ file: string, seconds: number }[]}
     */
    slowest(count) {
      return read()
        .flatMap((report) => report.testResults)
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
