// `npm test`: format, lint, dead code, types and every package's tests. The last line is the plain
// sum over all packages: "N passed, N failed".
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {string} root the workspace's folder
 * @param {string[]} args handed on to turbo, e.g. `--filter=@tartfleet/agent`
 * @returns {number} the exit code
 */
export function check(root, args) {
  const reports = readdirSync(join(root, "packages")).map((name) =>
    join(root, "packages", name, ".reports/vitest.json"),
  );
  for (const report of reports) rmSync(report, { force: true });

  /** @type {[string, string[]][]} */
  const steps = [
    ["format", ["oxfmt", "--check", "."]],
    ["lint", ["oxlint", "--deny-warnings"]],
    ["dead code", ["knip"]],
    [
      "types and tests",
      [
        "turbo",
        "run",
        "typecheck",
        "test",
        "--continue",
        "--concurrency=2",
        "--output-logs=new-only",
        ...args,
      ],
    ],
  ];
  const failed = [];
  for (const [name, argv] of steps) {
    console.log(`\n== ${name}: ${argv.join(" ")}`);
    const { status } = spawnSync("pnpm", ["exec", ...argv], {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        TARTFLEET_TESTED_NODE: process.version,
      },
    });
    if (status !== 0) failed.push(name);
  }

  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reports.filter(existsSync)) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    sum.passed += numPassedTests;
    sum.failed += numFailedTests;
    sum.skipped += numPendingTests + numTodoTests;
  }
  console.log(failed.length === 0 ? "\nAll checks passed." : `\nFailed: ${failed.join(", ")}.`);
  console.log(
    `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ""}`,
  );
  return failed.length === 0 && sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}
