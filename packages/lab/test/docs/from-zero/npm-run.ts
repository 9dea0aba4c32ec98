// `npm run [--silent] TASK -- ARGS` of the checkout in which it is called, without installing anything first.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const programs = JSON.parse(readFileSync("scripts/programs.json", "utf8")) as Record<string, string>;
const [run, task = "", ...args] = process.argv.slice(2).filter((word) => word !== "--silent");
const program = programs[task];
if (run !== "run" || program === undefined) throw new Error(`a page's test cannot npm ${run} ${task}`);
const { status } = spawnSync(process.execPath, [program, ...args.slice(args[0] === "--" ? 1 : 0)], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
