// The door to every command of the workspace: `node scripts/bootstrap.mjs TASK [args]`.
//
// Needs nothing but node and npm. pnpm comes from the npm registry, and so does Node where this
// machine's own is too old. Runs on Node 18 and later, hence no dependencies and no new syntax.
// Progress goes to stderr, so that a task's stdout is its own (`npm run demo -- --json`).
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NPX_PACKAGES } from "./versions.mjs";

const OLDEST = [22, 18];

const [task, ...args] = process.argv.slice(2);
if (!task) {
  console.error("usage: node scripts/bootstrap.mjs TASK [args]");
  process.exit(64);
}

const [major, minor] = process.versions.node.split(".").map(Number);
const tooOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
if (tooOld) {
  console.error(
    `Node ${process.versions.node} is older than ${OLDEST.join(".")}: running on ${NPX_PACKAGES.node} from the npm registry instead.`,
  );
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = [NPX_PACKAGES.pnpm, ...(tooOld ? [NPX_PACKAGES.node] : [])];
const child = spawn(
  "npx",
  [
    "--yes",
    ...packages.flatMap((name) => ["-p", name]),
    "--",
    "node",
    join(root, "scripts/task.mjs"),
    task,
    ...args,
  ],
  {
    stdio: "inherit",
    cwd: root,
    env: {
      ...process.env,
      // The caller's folder, so that relative paths in arguments mean what the caller meant.
      TARTFLEET_CALLER_CWD: process.env.INIT_CWD ?? process.cwd(),
      npm_config_loglevel: "error",
      npm_config_update_notifier: "false",
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`npx could not be started (${error.message}). Is npm installed?`);
  process.exit(127);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
