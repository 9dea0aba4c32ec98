// `npm test`: format, lint, dead code, types and every package's tests. The last line is the plain
// sum over all packages: "N passed, N failed".
import { spawnSync } from "node:child_process";
import { reportsOf, sayOf } from "./reports.mjs";

/** So many files are named after a run, with the time that they took. */
const SLOWEST = 12;

/** So many lines are shown of what a test failed by. */
const LINES_OF_A_FAILURE = 12;

/**
 * @param {string} root the workspace's folder
 * @param {string[]} args handed on to turbo, e.g. `--filter=@tartfleet/agent`
 * @returns {number} the exit code
 */
export function check(root, args) {
  return runSteps(root, "vitest.json", [
    ["format", ["oxfmt", "--check", "."]],
    ["lint", ["oxlint", "--deny-warnings"]],
    ["dead code", ["knip"]],
    ["types", ["tsc"]],
    [
      "tests, and types of packages with compiler options of their own",
      [
        "turbo",
        "run",
        "typecheck",
        "test",
        "--continue",
        "--concurrency=3",
        "--output-logs=new-only",
        ...args,
      ],
    ],
  ]);
}

/**
 * `npm run test:long`: the tests that take minutes. They wait more than they work, so two packages go side by side.
 *
 * @param {string} root the workspace's folder
 * @param {string[]} args handed on to turbo
 * @returns {number} the exit code
 */
export function checkLong(root, args) {
  const turbo = ["turbo", "run", "test:long", "--continue", "--concurrency=2", "--output-logs=new-only"];
  return runSteps(root, "vitest-long.json", [["long tests", [...turbo, ...args]]]);
}

/**
 * @param {string} root
 * @param {string} reportName
 * @param {[string, string[]][]} steps
 */
function runSteps(root, reportName, steps) {
  const reports = reportsOf(root, reportName);
  reports.forget();
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
  console.log(`\nThe slowest files:`);
  for (const { file, seconds } of reports.slowest(SLOWEST))
    console.log(`${String(seconds).padStart(5)} s  ${file}`);
  for (const { file, test, message } of reports.failures()) {
    console.log(`\nFailed: ${[file, test].filter(Boolean).join(" > ")}`);
    console.log(message.split("\n").slice(0, LINES_OF_A_FAILURE).join("\n"));
  }
  const sum = reports.sum();
  console.log(failed.length === 0 ? "\nAll checks passed." : `\nFailed: ${failed.join(", ")}.`);
  console.log(sayOf(sum));
  return failed.length === 0 && sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}
