import { expect, test } from "vitest";
import { atWork, githubVm, inState, statesOf } from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const LEASE_SECONDS = 5;
const GRACE_SECONDS = 5;
const STOPPED_MS = 30_000;

const lab = useLab({
  speed: 4,
  controlPlane: {
    "heartbeat-seconds": 1,
    "lease-seconds": LEASE_SECONDS,
    "silent-grace-seconds": GRACE_SECONDS,
    // Both run out while the control plane stands still.
    "boot-timeout-seconds": 20,
    "provision-timeout-seconds": 20,
  },
});

test("a control plane that stood still for longer than lease, grace and budgets gives up nothing", async () => {
  const { api, controlPlane } = lab.fleet;
  const works = await api.createVm(githubVm(lab.github, "works", { seconds: 60 }));
  await atWork(lab.fleet, works.id);
  const boots = await api.createVm(githubVm(lab.github, "boots", { seconds: 1 }));
  await inState(lab.fleet, boots.id, "booting");
  const { pid } = controlPlane;
  if (pid === undefined) throw new Error("the control plane does not run");
  process.kill(pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
  process.kill(pid, "SIGCONT");
  const since = stopwatch("after the control plane was stopped (SIGSTOP) for 30 s and continued");
  await inState(lab.fleet, boots.id, "ready", "draining", "stopping", "deleted");
  since.tell("what booted is known to be ready");
  for (const { id } of [works, boots]) {
    expect(await api.waitForVm(id, "ended")).toMatchObject({
      attempt: 1,
      end: { reason: "runner_exited" },
    });
    const events = await api.vmEvents(id);
    expect(events.filter(({ type }) => type === "attempt_failed")).toEqual([]);
    expect(statesOf(events).filter((state) => state === "booting")).toHaveLength(1);
  }
});
