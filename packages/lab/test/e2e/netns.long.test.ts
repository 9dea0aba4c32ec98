import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const LAB_NET = fileURLToPath(new URL("../../../tart-sim/src/guest/lab-net.sh", import.meta.url));
const TWO_MACS = fileURLToPath(new URL("../support/two-macs.ts", import.meta.url));

/** Whether this machine lets us make networks; needs iproute2, iptables, bubblewrap, and root or user namespaces. */
const { exitCode } = await execa(LAB_NET, ["1", "true"], { reject: false });

test.skipIf(exitCode !== 0)(
  "two Macs behind NAT, each with a guest of the same private address: each job ends its own VM",
  async () => {
    const { stdout } = await execa(LAB_NET, ["2", process.execPath, TWO_MACS]);
    const seen: unknown = JSON.parse(stdout);
    expect(seen).toEqual({
      working: expect.arrayContaining([
        { host: "mac-1", ip: "192.168.64.2" },
        { host: "mac-2", ip: "192.168.64.2" },
      ]),
      ends: [
        { reason: "runner_exited", attempt: 1 },
        { reason: "runner_exited", attempt: 1 },
      ],
      longMeanwhile: { state: "ready", job: "started" },
      results: expect.arrayContaining([
        { name: "short", result: "delivered", conclusion: "success" },
        { name: "long", result: "delivered", conclusion: "success" },
      ]),
      leftovers: [],
    });
  },
);
