// Runs inside the environment that bootstrap.mjs makes (a new enough node, and pnpm on PATH):
// installs the workspace, then does the task.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { audit } from "./audit.mjs";
import { check, checkLong } from "./check.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [task, ...args] = process.argv.slice(2);

// Programs start from their sources, and tests start very many: a third to three quarters of that is compiling.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/node");

/** Tasks that are one of our programs, run from its source. */
const programs = JSON.parse(readFileSync(join(root, "scripts/programs.json"), "utf8"));

/** Tasks about the workspace itself. */
const chores = {
  check: () => check(root, args),
  long: () => checkLong(root, args),
  audit: () => audit(root),
  format: () => run("pnpm", ["exec", "oxfmt", "."]),
  nodes: () => run(process.execPath, [join(root, "scripts/nodes.mjs"), ...args]),
};

function run(command, argv, options = {}) {
  const { status, signal, error } = spawnSync(command, argv, { stdio: "inherit", cwd: root, ...options });
  if (error) throw error;
  return status ?? (signal === "SIGINT" ? 130 : 143);
}

function install() {
  // pnpm writes its progress to stdout; it belongs on stderr (fd 2) beside a task's own output.
  const code = run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--reporter=append-only"], {
    stdio: ["ignore", 2, 2],
  });
  if (code !== 0) {
    console.error("Installing the workspace's packages failed; see above.");
    process.exit(code);
  }
}

/** What is run as built, by task. A control plane without its dashboard is still one, and its `db` commands show none. */
const BUILT = {
  agent: ["agent"],
  bench: ["control-plane"],
  "control-plane": args[0] === "db" ? ["control-plane"] : ["control-plane", "dashboard"],
  demo: ["agent", "cli", "control-plane", "dashboard"],
  tartfleet: ["cli"],
};

/** @param {string[]} packages names without the scope */
function build(packages) {
  const filters = packages.map((name) => `--filter=@tartfleet/${name}`);
  const { status, stdout, stderr } = spawnSync(
    "pnpm",
    ["exec", "turbo", "run", "build", "--continue", "--output-logs=errors-only", ...filters],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
    },
  );
  if (status !== 0)
    console.error(`${stdout}${stderr}\nWhat could not be built is missing, or an older one is used.`);
}

install();
if (task in programs) {
  if (task in BUILT) build(BUILT[task]);
  // The terminal's signals reach the program by itself (same process group); here they only must
  // not end the parent before it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  process.exitCode = run(process.execPath, [join(root, programs[task]), ...args], {
    cwd: process.env.TARTFLEET_CALLER_CWD ?? root,
  });
} else if (task in chores) {
  process.exitCode = chores[task]();
} else {
  console.error(
    `Unknown task ${task}. Known: ${[...Object.keys(programs), ...Object.keys(chores)].join(", ")}.`,
  );
  process.exitCode = 64;
}
