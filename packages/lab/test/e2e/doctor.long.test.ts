import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hostRecordSchema, type Finding } from "@tartfleet/shared";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { inState, scriptVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const MAIN = fileURLToPath(new URL("../../../cli/dist/main.mjs", import.meta.url));

const bin = await mkdtemp(join(tmpdir(), "tf-macos-"));
afterAll(() => rm(bin, { recursive: true, force: true }));

/** What the Mac answers when its agent asks. */
async function answers(program: string, script: string): Promise<void> {
  await writeFile(join(bin, program), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, program), 0o755);
}
await answers("sw_vers", "echo 26.1");
await answers("pmset", 'echo " sleep 10"');

const path = [bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(":");
const lab = useLab({
  wrap: (program) => (program === "control-plane" ? [] : ["/usr/bin/env", `PATH=${path}`]),
});

const tartfleet = async (...args: string[]) => {
  const env = { TARTFLEET_URL: lab.fleet.url(), TARTFLEET_TOKEN: lab.fleet.ciToken };
  const { stdout } = await execa(process.execPath, [MAIN, ...args], { env });
  return stdout;
};
const findingOf = async (code: string): Promise<Finding | undefined> => {
  const { facts } = hostRecordSchema.parse(JSON.parse(await tartfleet("host", "get", "mac-1", "--json")));
  return facts?.findings?.find((finding) => finding.code === code);
};

test("what a Mac lacks is seen from afar with its cure, closes it for nobody, and is gone when it is cured", async () => {
  await until("the doctor's word", () => findingOf("sleep"));
  expect(await tartfleet("host", "get", "mac-1")).toMatch(
    /error sleep: This Mac goes to sleep after 10 min without use.*\n +\$ sudo pmset -a sleep 0 /,
  );
  expect(await tartfleet("host", "list")).toMatch(/^mac-1 +connected +0\/2 busy +\d errors?\b/m);
  expect(await findingOf("clock")).toMatchObject({ state: "ok" });

  const vm = await lab.fleet.ci.createVm(scriptVm("sleep 300"));
  expect((await inState(lab.fleet, vm.id, "ready")).host).toBe("mac-1");
  await lab.fleet.ci.deleteVm(vm.id);
  await lab.fleet.ci.waitForVm(vm.id, "ended");

  await answers("pmset", 'printf " sleep 0\\n autorestart 1\\n"');
  const [host] = lab.fleet.hosts;
  await host?.agent.stop();
  await host?.agent.start();
  await until("the cure to show", async () => (await findingOf("sleep"))?.state === "ok");
});
