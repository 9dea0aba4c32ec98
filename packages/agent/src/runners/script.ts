import type { RevealedRunner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import type { RunnerPlan } from "./plan.ts";

/** A client's own start script. It may hold secrets: it is a file, never an argument. */
export function planScript(runner: Extract<RevealedRunner, { kind: "script" }>): RunnerPlan {
  const shell = quote(runner.shell);
  return {
    files: [{ name: "script", mode: "0500", content: runner.script }],
    check: `[ -x ${shell} ] || missing ${shell}\n`,
    prepare: "",
    start: `cd "$home" || exit 1\nexec ${shell} "$dir/script"\n`,
  };
}
