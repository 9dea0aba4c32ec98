import { bundleAgent } from "@tartfleet/bundle/src/javascript.ts";
import { makeHost } from "@tartfleet/lab/src/fleet/host.ts";
import { labEnvironment } from "@tartfleet/lab/src/fleet/environment.ts";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { atMost, type Scenario } from "../frame/scenario.ts";
import { cpuSeconds, memoryMiB } from "../processes/proc.ts";

/** As in the bundle's `bin/tartfleet-agent`. */
const NODE_FLAGS = ["--max-semi-space-size=1"];

/**
 * The agent as it is installed on a Mac, on a simulated tart: its memory, and what it uses while nothing happens. What its
 * calls of tart cost are processes of their own, and not in it.
 */
export const agent: Scenario = {
  name: "agent",
  about: "at rest, its memory and its part of a core",
  figures: [
    { name: "memory", unit: "MiB", aim: atMost("value", 80) },
    { name: "idle", unit: "% of a core", aim: atMost("value", 0.5) },
  ],
  restarts: true,
  async run({ scale, dir, rounds, fleet: start }) {
    const { plane, admin } = await start();
    const name = "measured";
    await mkdir(join(dir, name));
    const installed = join(dir, "agent");
    await mkdir(installed);
    const { files } = await bundleAgent("0.0.0");
    for (const [file, text] of files) await writeFile(join(installed, file), text);
    const { token } = await admin.createToken({ role: "host-enrolment", name: "measured" });
    const enrolmentTokenFile = join(dir, "token");
    await writeFile(enrolmentTokenFile, token, { mode: 0o600 });
    const { agent: program } = await makeHost(
      {
        name,
        dir,
        env: labEnvironment(name, process.env),
        controlPlaneUrl: () => plane.url,
        enrolmentTokenFile,
        flags: {},
        wrap: [],
        agentProgram: [...NODE_FLAGS, join(installed, "main.mjs")],
      },
      { speed: 20 },
    );
    await program.start();
    // The VMs of others are not for it.
    await admin.drainHost(name, { reason: "it is measured" });
    try {
      const pid = program.pid ?? 0;
      return await rounds(async () => {
        const before = cpuSeconds(pid);
        await wait(scale.seconds * 1000);
        return [
          { figure: "memory", value: memoryMiB(pid) },
          { figure: "idle", value: (100 * (cpuSeconds(pid) - before)) / scale.seconds },
        ];
      });
    } finally {
      await program.stop();
    }
  },
};
