import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { BLIND_MAC, CAST_MACS, LIVING, macLabel, makeCast, ONE_WHOLE_LIFE } from "../support/cast.ts";
import { hostOf } from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const LEASE_SECONDS = 2;
/** Twenty leases; `LAB_OUTAGE_SECONDS=600` makes it the ten minutes that an outage may really take. */
const OUTAGE_SECONDS = Number(process.env["LAB_OUTAGE_SECONDS"] ?? 20 * LEASE_SECONDS);

const lab = useLab({
  hosts: CAST_MACS,
  speed: 20,
  controlPlane: {
    "heartbeat-seconds": 1,
    "lease-seconds": LEASE_SECONDS,
    // Nothing is given up: whoever is away comes back.
    "silent-grace-seconds": 3600,
    "hook-grace-seconds": 3600,
  },
  agent: (index) => ({ label: macLabel(`mac-${index + 1}`) }),
});

const agents = () => lab.fleet.hosts.map(({ agent }) => agent);
const connected = async () => (await lab.fleet.api.hosts()).filter((host) => host.connected).length;
/** Guests ask to be deleted for about five minutes. */
const GUESTS_PATIENCE_SECONDS = 240;
const everyLife = Object.fromEntries(LIVING.map((state) => [state, ONE_WHOLE_LIFE]));
const { reason: _any, ...whateverEndedIt } = ONE_WHOLE_LIFE;
const everyLifeWhateverEndedIt = Object.fromEntries(LIVING.map((state) => [state, whateverEndedIt]));

test(
  "kill -9 of the control plane, away for twenty leases, with a VM in every state: each comes to its end, once",
  async () => {
    const cast = await makeCast(lab, "plane");
    await lab.fleet.controlPlane.kill("SIGKILL");
    // They boot, run and end while nobody hears of it.
    await cast.letGo();
    await sleep(OUTAGE_SECONDS * 1000);
    await lab.fleet.controlPlane.start();
    const since = stopwatch("after an outage of the control plane");
    await until("all hosts to be back", async () => (await connected()) === CAST_MACS);
    since.tell("all hosts are connected");
    const outcomes = await cast.outcomes();
    since.tell("all VMs that lived through it have ended");
    if (OUTAGE_SECONDS < GUESTS_PATIENCE_SECONDS) expect(outcomes).toEqual(everyLife);
    // Some guests gave up being heard and powered themselves off; their jobs' results were delivered all the same.
    else expect(outcomes).toMatchObject(everyLifeWhateverEndedIt);
  },
  (OUTAGE_SECONDS + 300) * 1000,
);

test("kill -9 of every agent, away for longer than its lease, with a VM in every state: each comes to its end, once", async () => {
  const cast = await makeCast(lab, "agents");
  await Promise.all(agents().map((agent) => agent.kill("SIGKILL")));
  await cast.letGo();
  await until("the hosts' leases to run out", async () => (await connected()) === 0);
  const since = stopwatch("after the kill of every agent");
  await Promise.all(agents().map((agent) => agent.start()));
  since.tell("all hosts are connected");
  expect(await cast.outcomes()).toEqual(everyLife);
  since.tell("all VMs that lived through it have ended");
});

test("kill -9 of everything but the VMs, with one in every state: each comes to its end, once", async () => {
  const cast = await makeCast(lab, "all");
  await Promise.all([lab.fleet.controlPlane, ...agents()].map((program) => program.kill("SIGKILL")));
  await lab.fleet.controlPlane.start();
  const since = stopwatch("after the kill of the control plane and every agent");
  const seeing = agents().filter(({ name }) => name !== BLIND_MAC);
  await Promise.all(seeing.map((agent) => agent.start()));
  // What the killed agents left half done is let go on beside what their successors do.
  await cast.letGo();
  await hostOf(lab.fleet, BLIND_MAC).agent.start();
  since.tell("all hosts are connected");
  expect(await cast.outcomes()).toEqual(everyLife);
  since.tell("all VMs that lived through it have ended");
});
