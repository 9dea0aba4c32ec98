import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installHost, type InstalledHost } from "../support/installed-host.ts";
import { atWork, githubVm, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { makeReleaser, type Releaser } from "../support/releases.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();
let host: InstalledHost;
let releaser: Releaser;

beforeAll(async () => {
  releaser = await makeReleaser(join(lab.fleet.dir, "releases"));
  host = await installHost(lab.fleet, "mac-1", releaser, "launchd");
});
afterAll(() => host.switchOff());

/** What an upgrade says in the end, whatever there was still to do. */
const UP = "1.1.0 runs and is connected to its control plane.";

test("an upgrade that is killed after any of its lines leaves one of the two, and the next one ends it", async () => {
  const { id } = await lab.fleet.ci.createVm(githubVm(lab.github, "outlives", { script: UNTIL_LET_GO }));
  const vm = await atWork(lab.fleet, id);
  const folder = await releaser.release("1.1.0");
  let line = 1;
  for (;;) {
    const { exitCode, said } = await host.upgradeUntilKilled(line, folder);
    if (exitCode === 0 && said.at(-1) === UP) break;
    expect([line, exitCode]).toEqual([line, null]);
    expect(["1.0.0", "1.1.0"]).toContain(await host.link("current"));
    expect(["1.0.0", "1.1.0"]).toContain((await host.status()).version);

    const next = await host.upgrade(folder);
    expect(next).toMatchObject({ exitCode: 0, complained: "" });
    expect(next.said.at(-1)).toMatch(/^1\.1\.0 runs/);
    expect(await host.status()).toMatchObject({ version: "1.1.0", isConnected: true });
    expect([await host.link("current"), await host.link("previous")]).toEqual(["1.1.0", "1.0.0"]);
    await host.forget("1.1.0");
    line += 1;
  }
  expect(line).toBeGreaterThan(4);
  await letGo(lab.fleet, vm);
  expect(await lab.github.settled("outlives")).toMatchObject({ result: "delivered", conclusion: "success" });
  expect(await lab.fleet.ci.waitForVm(id, "ended")).toMatchObject({ attempt: 1 });
});
