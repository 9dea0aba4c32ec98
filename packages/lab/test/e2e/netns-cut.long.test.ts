import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const LAB_NET = fileURLToPath(new URL("../../../tart-sim/src/guest/lab-net.sh", import.meta.url));
const CUT_MACS = fileURLToPath(new URL("../support/cut-macs.ts", import.meta.url));

/** Whether this machine lets us make networks; needs iproute2, iptables, bubblewrap, and root or user namespaces. */
const { exitCode } = await execa(LAB_NET, ["1", "true"], { reject: false });

test.skipIf(exitCode !== 0)(
  "a firewall between a Mac, or another one's guests, and the control plane loses no VM and no result",
  async () => {
    const { stdout } = await execa(LAB_NET, ["2", process.execPath, CUT_MACS]);
    const { recovered, ...seen }: { recovered: string } = JSON.parse(stdout);
    console.log(recovered);
    expect(seen).toEqual({
      silent: { state: "ready", job: "started" },
      hopeless: "guest_shutdown",
      ended: [null, null],
      ends: Array.from({ length: 3 }, () => ({ reason: "runner_exited", attempt: 1 })),
      results: Array.from({ length: 4 }, () => "delivered: success"),
      leftovers: [],
    });
  },
);
