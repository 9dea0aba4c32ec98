import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { CAST_MACS, LIVING, macLabel, makeCast, ONE_WHOLE_LIFE } from "../support/cast.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const LEASE_SECONDS = 5;
const GRACE_SECONDS = 10;

const lab = useLab({
  hosts: CAST_MACS,
  speed: 20,
  controlPlane: {
    "heartbeat-seconds": 1,
    "lease-seconds": LEASE_SECONDS,
    "silent-grace-seconds": GRACE_SECONDS,
    "hook-grace-seconds": 3600,
  },
  agent: (index) => ({ label: macLabel(`mac-${index + 1}`) }),
});

test("a control plane stopped (SIGSTOP) for longer than lease and grace, with a VM in every state, gives nothing up when it goes on", async () => {
  const { api, controlPlane } = lab.fleet;
  const cast = await makeCast(lab, "stalled");
  const { pid } = controlPlane;
  if (pid === undefined) throw new Error("the control plane does not run");
  process.kill(pid, "SIGSTOP");
  await sleep((LEASE_SECONDS + GRACE_SECONDS + 5) * 1000);
  process.kill(pid, "SIGCONT");
  const since = stopwatch("after the control plane was stopped and continued");
  await cast.letGo();
  expect(await cast.outcomes()).toEqual(Object.fromEntries(LIVING.map((state) => [state, ONE_WHOLE_LIFE])));
  since.tell("all VMs have ended");
  await until("all hosts to be connected", async () => (await api.hosts()).every((host) => host.connected));
});
