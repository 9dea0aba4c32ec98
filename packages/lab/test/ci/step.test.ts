import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";

const STEP = fileURLToPath(new URL("../../../../integrations/step/", import.meta.url));

/**
 * A tartfleet whose VM is a folder of this machine. Before it does what it is told, it does what the file of that verb says in
 * its next line: an exit code, or `cut N`, which breaks the way to the guest after so many bytes of its output.
 */
const TARTFLEET = `#!/bin/bash
verb=$2
fate=$(sed -n 1p "$STATE/$verb" 2>/dev/null)
sed -i 1d "$STATE/$verb" 2>/dev/null
export HOME=$STATE/home
case $verb in
  exec) while [ "$1" != -- ]; do shift; done; shift; echo exec >>"$STATE/calls" ;;
  *) echo "$*" >>"$STATE/calls" ;;
esac
case $fate in
  '') ;;
  cut*) echo here >&2; head -c "\${fate#cut }" < <("$@" 2>/dev/null); echo 'The connection to the control plane was lost' >&2; exit 255 ;;
  *) echo 'no answer' >&2; exit "$fate" ;;
esac
case $verb in
  create | list) echo abc ;;
  exec) exec "$@" ;;
esac
`;

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "step-"));
  mkdirSync(join(state, "home"));
  mkdirSync(join(state, "bin"));
  writeFileSync(join(state, "bin/tartfleet"), TARTFLEET);
  chmodSync(join(state, "bin/tartfleet"), 0o755);
});
afterEach(() => rmSync(state, { recursive: true }));

const fates = (verb: string, ...lines: string[]) =>
  writeFileSync(join(state, verb), lines.map((line) => `${line}\n`).join(""));
const calls = () => readFileSync(join(state, "calls"), "utf8").trim().split("\n");

function step(which: "run" | "end", script = "", env: Record<string, string> = {}) {
  return execa(`${STEP}${which}.sh`, {
    reject: false,
    extendEnv: false,
    env: {
      PATH: `${state}/bin:${process.env["PATH"]}`,
      STATE: state,
      MACOS_MARK: "mark-1",
      MACOS_IMAGE: "channel:x",
      MACOS_SCRIPT: `echo run >>"$HOME/runs"\n${script}`,
      MACOS_PAUSE: "0",
      ...env,
    },
  });
}

const runs = () => readFileSync(join(state, "home/runs"), "utf8");

test("what does nothing twice is done again while the control plane is away", async () => {
  fates("create", "5", "5");
  fates("wait", "5");
  fates("exec", "5", "cut 0", "5");
  const upload = join(state, "upload");
  mkdirSync(upload);
  writeFileSync(join(upload, "greeting"), "hello\n");
  const { exitCode, stdout } = await step("run", "cat greeting", { MACOS_UPLOAD: upload });
  expect([exitCode, stdout, runs()]).toEqual([0, "hello", "run\n"]);
  const creates = calls().filter((call) => call.startsWith("vm create"));
  expect(new Set(creates).size).toBe(1);
  expect(creates).toHaveLength(3);
  expect(creates[0]).toContain("--idempotency-key step:mark-1");
});

test("a script whose way is cut again and again runs once, and what it says is shown once, byte by byte", async () => {
  fates("exec", "cut 3", "5", "cut 0", "cut 7", "5");
  const { exitCode, stdout, stderr } = await step(
    "run",
    "printf 'one\\ntwo ü\\nthree'; sleep 0.5; echo; exit 7",
  );
  expect([exitCode, stdout, runs()]).toEqual([7, "one\ntwo ü\nthree", "run\n"]);
  expect(stderr).toContain("the script goes on there");
});

test.each([5, 255, 4])("a script's own %i is its own, and not taken for the way's", async (code) => {
  expect([(await step("run", `exit ${code}`)).exitCode, runs()]).toEqual([code, "run\n"]);
});

test("a way that stays cut fails the step and says so; the VM is ended, and nothing ran twice", async () => {
  fates("exec", "cut 6", ...Array<string>(200).fill("5"));
  const failed = await step("run", "echo begun; sleep 60", { MACOS_PATIENCE: "1", MACOS_PAUSE: "0.1" });
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain("The way to VM abc stays cut, and the script is not run again.");
  expect(runs()).toBe("run\n");
  fates("list", "5");
  fates("delete", "5");
  expect((await step("end")).exitCode).toBe(0);
  expect(calls().slice(-2)).toEqual(["vm delete abc", "vm delete abc"]);
  await execa("/bin/bash", ["-c", 'kill -- "-$(cat "$0"/home/.tartfleet/scripts/step/pid)"', state]);
});

test("a VM that has ended fails the step, which is not tried in another", async () => {
  fates("exec", "cut 6", "4");
  const failed = await step("run", "echo begun; echo on; exit 0");
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain("VM abc cannot be reached any more");
  expect(calls().filter((call) => call.startsWith("vm create"))).toHaveLength(1);
});

test("what cannot be created is not waited for", async () => {
  fates("create", "3");
  expect((await step("run")).exitCode).toBe(3);
  expect(calls()).toHaveLength(1);
});
