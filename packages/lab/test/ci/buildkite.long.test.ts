import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveSimBuildkite } from "@tartfleet/ci-sim/buildkite";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { IMAGE, startLab } from "../support/lab.ts";

test("jobs that are queued at Buildkite are served by real processes, each once, and nothing is left", async () => {
  await using served = await serveSimBuildkite();
  const { jobs, agents, token } = served.buildkite;
  const dir = await mkdtemp(join(tmpdir(), "tf-buildkite-"));
  const tokenFile = join(dir, "token");
  const config = join(dir, "buildkite.json");
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const runners = [{ name: "mac", image: IMAGE, max: 4 }];
  await writeFile(config, JSON.stringify({ url: served.url, tokenFile, runners }));
  const commands = { a: "true", b: "exit 3", c: "sleep 1" };
  for (const [name, command] of Object.entries(commands)) jobs.queue({ name, queue: "mac", command });
  const fleet = await startLab({
    hosts: 1,
    controlPlane: { "buildkite-config": config, "log-level": "debug" },
  });
  try {
    await until(
      "all jobs to be over",
      async () => jobs.all.every(({ state }) => state === "finished") || undefined,
    );
    expect(jobs.all.map(({ exitStatus, starts }) => [exitStatus, starts])).toEqual([
      [0, 1],
      [3, 1],
      [0, 1],
    ]);
    const vms = await until("the VMs to be gone", async () => {
      const all = await fleet.api.listVms();
      return all.every(({ endedAt }) => endedAt !== null) ? all : undefined;
    });
    expect(vms.map(({ end }) => end?.reason)).toEqual(["runner_exited", "runner_exited", "runner_exited"]);
    expect(agents.connected()).toEqual([]);
    expect(await fleet.controlPlane.logs()).not.toContain(token);
  } finally {
    expect(await fleet.stop()).toEqual([]);
    await rm(dir, { recursive: true });
  }
});
