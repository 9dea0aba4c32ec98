import { fileURLToPath } from "node:url";
import { capacitySchema, explanationSchema, vmRecordSchema } from "@tartfleet/shared";
import { execa } from "execa";
import { expect, test } from "vitest";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const MAIN = fileURLToPath(new URL("../../../cli/dist/main.mjs", import.meta.url));

const lab = useLab();

/** The CLI as a CI system calls it. */
const tartfleet = (args: readonly string[], input = "") =>
  execa(process.execPath, [MAIN, ...args], {
    input,
    reject: false,
    env: { TARTFLEET_URL: lab.fleet.url(), TARTFLEET_TOKEN: lab.fleet.ciToken },
  });

test("vm create --wait shows the stages as they pass and ends with the VM", async () => {
  const create = ["vm", "create", "--image", IMAGE, "--name", "by-hand", "--script", "-", "--wait=ended"];
  const { exitCode, stdout, stderr } = await tartfleet(create, "echo hello; exit 0\n");
  expect(exitCode, stderr).toBe(0);
  const shown = `${stdout}\n${stderr}`;
  for (const word of ["queued", "booting", "deleted", "runner_exited"]) expect(shown).toContain(word);
  const [vm] = await lab.fleet.api.listVms({ name: "by-hand" });
  expect(await lab.fleet.api.getVm(vm?.id ?? "")).toMatchObject({
    state: "deleted",
    scriptResult: { exitCode: 0, output: "hello\n" },
  });
});

test("--json is one document of the API's own shape", async () => {
  const create = ["--json", "vm", "create", "--image", IMAGE, "--script", "-", "--wait"];
  const created = await tartfleet(create, "sleep 300\n");
  expect(created.exitCode, created.stderr).toBe(0);
  const vm = vmRecordSchema.parse(JSON.parse(created.stdout));
  expect(vm.state).toBe("ready");

  const { stdout } = await tartfleet(["--json", "capacity", "--image", IMAGE]);
  const { slots, room } = capacitySchema.parse(JSON.parse(stdout));
  expect(slots).toMatchObject({ total: 2, busy: 1, free: 1 });
  expect(room).toMatchObject({ startNow: 1, withImage: 1 });
  const explained = await tartfleet(["--json", "vm", "explain", vm.id]);
  expect(explanationSchema.parse(JSON.parse(explained.stdout))).toMatchObject({ phase: { phase: "run" } });

  expect((await tartfleet(["vm", "delete", vm.id])).exitCode).toBe(0);
  const waited = await tartfleet(["--json", "vm", "wait", vm.id, "--for", "ended"]);
  expect(vmRecordSchema.parse(JSON.parse(waited.stdout)).end?.reason).toBe("client");
});

test("what a script can tell from the exit code: a VM that cannot be, a token that may not", async () => {
  const typo = ["vm", "create", "--image", "registry.example.com/macos/typo:1", "--wait"];
  const failed = await tartfleet(typo);
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain("no such image");
  const never = await tartfleet(["vm", "create", "--image", IMAGE, "--host-label", "xcode=99"]);
  expect(never.exitCode).toBe(64);
  expect(never.stderr).toContain("1 without label xcode=99");
  const refused = await tartfleet(["token", "list"]);
  expect(refused.exitCode).toBe(3);
});
