import { instanceName, type VmRecord } from "@tartfleet/shared";
import { execa } from "execa";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installHost, type InstalledHost } from "../support/installed-host.ts";
import { atWork, githubVm, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { makeReleaser, type Releaser } from "../support/releases.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();
let host: InstalledHost;
let releaser: Releaser;
let next: string;

beforeAll(async () => {
  releaser = await makeReleaser(join(lab.fleet.dir, "releases"));
  host = await installHost(lab.fleet, "mac-1", releaser);
  next = await releaser.release("1.1.0");
});
afterAll(() => host.switchOff());

/** The process that is the VM. */
async function runOf({ id, attempt }: VmRecord): Promise<string> {
  const name = instanceName(id, attempt);
  const { stdout } = await execa("ps", ["-axww", "-o", "pid=,lstart=,command="]);
  const runs = stdout.split("\n").filter((line) => / run .*/.test(line) && line.trim().endsWith(name));
  expect(runs).toHaveLength(1);
  return runs[0] ?? "";
}

test("a host is upgraded while a job runs in its VM: the VM goes on, and its result arrives", async () => {
  const { id } = await lab.fleet.ci.createVm(githubVm(lab.github, "goes-on", { script: UNTIL_LET_GO }));
  const vm = await atWork(lab.fleet, id);
  const run = await runOf(vm);
  const before = await host.status();

  expect(await host.upgrade(next)).toEqual({
    exitCode: 0,
    complained: "",
    said: [
      "1.1.0 is signed by releases@example.com",
      "1.1.0 is unpacked, and its program starts",
      "current is 1.1.0 now, it was 1.0.0",
      "restarting the agent; VMs go on",
      "1.1.0 runs and is connected to its control plane.",
    ],
  });
  const after = await host.status();
  expect(after).toMatchObject({ version: "1.1.0", isConnected: true });
  expect(after.pid).not.toBe(before.pid);
  expect((await lab.fleet.api.host("mac-1")).facts?.agentVersion).toBe("1.1.0");
  expect(await runOf(vm)).toBe(run);

  await letGo(lab.fleet, vm);
  expect(await lab.github.settled("goes-on")).toMatchObject({ result: "delivered", conclusion: "success" });
  expect(await lab.fleet.ci.waitForVm(id, "ended")).toMatchObject({
    end: { reason: "runner_exited" },
    attempt: 1,
  });
});

test("a version that does not come up gives way to the one before it, and one can go back", async () => {
  const bad = await releaser.release("1.2.0", { neverStarts: true });
  const { exitCode, complained } = await host.upgrade("--wait-seconds", "6", bad);
  expect(exitCode).toBe(80);
  expect(complained).toMatch(
    /^tartfleet-agent: 1\.2\.0 was not connected .*, so 1\.1\.0 runs again\. See the agent's log/,
  );
  expect(await host.status()).toMatchObject({ version: "1.1.0", isConnected: true });
  expect([await host.link("current"), await host.link("previous")]).toEqual(["1.1.0", "1.0.0"]);

  const { pid } = await host.status();
  expect(await host.upgrade(next)).toMatchObject({
    exitCode: 0,
    said: ["1.1.0 is signed by releases@example.com", "removed 1.2.0", "1.1.0 runs already."],
  });
  expect((await host.status()).pid).toBe(pid);

  expect(await host.upgrade("--back")).toMatchObject({ exitCode: 0 });
  expect(await host.status()).toMatchObject({ version: "1.0.0", isConnected: true });
  expect([await host.link("current"), await host.link("previous")]).toEqual(["1.0.0", "1.1.0"]);
});
