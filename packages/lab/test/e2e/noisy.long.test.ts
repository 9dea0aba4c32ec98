import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Program } from "../../src/fleet/program.ts";
import { atWork, githubVm, hostOf, inState, scriptVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ hosts: 1 });

/** Processes without number and output without end; mild enough for the machine that simulates it. */
const NOISE = `
line=$(head -c 1000 /dev/zero | tr '\\0' x)
i=0
while [ $i -lt 150 ]; do sleep 600 & i=$((i + 1)); done
exec nice yes "$line"`;

/** Far less than what is printed meanwhile, which is limited by the machine alone. */
const ROOM_MIB = 200;

/** The most memory that a process ever had, in MiB. */
async function peak(program: Program): Promise<number> {
  const status = await readFile(`/proc/${program.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

test("a guest full of processes that prints without end leaves its neighbour and its agent alone", async () => {
  const { api } = lab.fleet;
  const programs = [hostOf(lab.fleet, "mac-1").agent, lab.fleet.controlPlane];
  const before = await Promise.all(programs.map(peak));
  const noisy = await api.createVm(scriptVm(NOISE));
  await inState(lab.fleet, noisy.id, "ready");
  const neighbour = await api.createVm(githubVm(lab.github, "neighbour", { seconds: 2 }));
  await atWork(lab.fleet, neighbour.id);
  expect(await api.waitForVm(neighbour.id, "ended")).toMatchObject({
    attempt: 1,
    end: { reason: "runner_exited" },
  });
  expect((await lab.github.settled("neighbour")).result).toBe("delivered");

  expect((await api.getVm(noisy.id)).state).toBe("ready");
  await lab.fleet.ci.deleteVm(noisy.id);
  const end = await api.waitForVm(noisy.id, "ended");
  expect(end.end?.reason).toBe("client");
  expect(end.scriptResult?.output.length ?? 0).toBeLessThanOrEqual(65_536);
  const after = await Promise.all(programs.map(peak));
  programs.forEach(({ name }, index) =>
    expect((after[index] ?? 0) - (before[index] ?? 0), name).toBeLessThan(ROOM_MIB),
  );
});
