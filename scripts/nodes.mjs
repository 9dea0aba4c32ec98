// `npm run test:nodes`: the whole check on every Node that is promised to work, oldest first.
import { spawnSync } from "node:child_process";
import { NPX_PACKAGES } from "./versions.mjs";

const NODES = ["22.18.0", "24.21.0", "26.10.0"];

const failed = NODES.filter((version) => {
  console.log(`\n==== Node ${version}`);
  const argv = [
    "--yes",
    "-p",
    `node@${version}`,
    "-p",
    NPX_PACKAGES.pnpm,
    "--",
    "node",
    "scripts/task.mjs",
    "check",
  ];
  return spawnSync("npx", argv, { stdio: "inherit" }).status !== 0;
});
console.log(
  failed.length === 0 ? `\nGreen on Node ${NODES.join(", ")}.` : `\nFailed on Node ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
