import { cp, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { atWork, githubVm, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const mountSmall = (path: string) =>
  execa("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", path], { reject: false });

/** Whether this machine lets us mount; needs root. */
const probe = await mkdtemp(join(tmpdir(), "tf-mount-"));
const mayMount = (await mountSmall(probe)).exitCode === 0;
if (mayMount) await execa("umount", [probe]);
await rm(probe, { recursive: true });

const lab = useLab({ hosts: 1, speed: 20 });

/** Puts the control plane's data onto a small disk for the while of an act, and back. */
async function onSmallDisk(act: (dataDir: string) => Promise<void>): Promise<void> {
  const { controlPlane, dir } = lab.fleet;
  const dataDir = join(dir, "control-plane");
  const aside = join(dir, "aside");
  const move = async (change: () => Promise<unknown>) => {
    await controlPlane.stop();
    await cp(dataDir, aside, { recursive: true });
    await change();
    await cp(aside, dataDir, { recursive: true });
    await rm(aside, { recursive: true });
    await controlPlane.start();
  };
  await move(() => mountSmall(dataDir));
  try {
    await act(dataDir);
  } finally {
    await move(() => execa("umount", [dataDir]));
  }
}

async function fill(dataDir: string): Promise<string> {
  const filler = join(dataDir, "filler");
  for (;;) {
    const { bavail, bsize } = await statfs(dataDir);
    if (bavail === 0) return filler;
    await writeFile(filler, Buffer.alloc(bavail * bsize), { flag: "a" }).catch(() => {});
  }
}

const readyStatus = async () => (await fetch(`${lab.fleet.url()}/readyz`)).status;

test.skipIf(!mayMount)(
  "on a full disk VMs that live come to their end, new ones are refused, and all goes on once there is room",
  async () => {
    const { api, github } = { ...lab.fleet, github: lab.github };
    await onSmallDisk(async (dataDir) => {
      const { id } = await api.createVm(githubVm(github, "lives", { script: UNTIL_LET_GO }));
      const vm = await atWork(lab.fleet, id);
      const filler = await fill(dataDir);
      await until("new VMs to be refused", () =>
        api.createVm(githubVm(github, `refused-${performance.now()}`.replace(".", "-"))).then(
          () => false,
          (error: unknown) => String(error).includes("storage_full"),
        ),
      );
      expect(await readyStatus()).toBe(503);
      await letGo(lab.fleet, vm);
      expect(await api.waitForVm(id, "ended")).toMatchObject({
        attempt: 1,
        end: { reason: "runner_exited" },
      });
      expect(await github.settled("lives")).toMatchObject({ result: "delivered", conclusion: "success" });

      await rm(filler);
      const since = stopwatch("after the control plane's disk was full");
      await until("the control plane to be ready", async () => (await readyStatus()) === 200);
      since.tell("it is ready again");
      const after = await api.createVm(githubVm(github, "after"));
      expect((await api.waitForVm(after.id, "ended")).end?.reason).toBe("runner_exited");
      const others = (await api.listVms()).filter(({ name }) => name.startsWith("refused-"));
      await Promise.all(others.map((other) => api.waitForVm(other.id, "ended")));
    });
  },
);
