import { type Firing } from "./promtool.ts";
import { ANA, HOUR, IMAGE, MINUTE, type World } from "./world.ts";
import type { EngineConfig } from "../../src/engine/config.ts";
import { until } from "../helpers/plane.ts";
import { hook, startReceiver } from "../support/receiver.ts";

/** What makes alerts fire, and how they read then. */
interface Cause {
  /** What happens, as a sentence. */
  what: string;
  config?: Partial<EngineConfig>;
  happens(world: World): Promise<void>;
  fires: Firing[];
}

const TARGET = { job: "tartfleet", instance: "fleet:7337" };
const onHost = (host: string) => ({ ...TARGET, host });
const one = (alert: string, labels: Record<string, string>, says: string): Firing[] => [
  { alert, labels, says },
];

/** Each begins in a fleet in which all is well and a job has run. */
export const CAUSES: Cause[] = [
  {
    what: "the control plane stops",
    async happens(world) {
      world.stop();
      await world.pass(4 * MINUTE);
    },
    fires: one(
      "TartfleetDown",
      TARGET,
      "Prometheus has had no metrics of the control plane at fleet:7337 for two minutes: it is down, not reached, or refuses the token. VMs that run go on; none starts.",
    ),
  },
  {
    what: "the control plane is started four times within minutes",
    async happens(world) {
      for (let n = 0; n < 4; n += 1) {
        await world.restart();
        await world.pass(2 * MINUTE);
      }
    },
    fires: one(
      "TartfleetRestarts",
      TARGET,
      "The control plane at fleet:7337 has been started 4 times within half an hour.",
    ),
  },
  {
    what: "the disk of the database fills up",
    async happens(world) {
      world.disk.freeBytes = 9 * 2 ** 30;
      await world.pass(15 * MINUTE);
    },
    fires: one("TartfleetDatabaseDiskLow", TARGET, "Of the disk of the database of fleet:7337 9% is free."),
  },
  {
    what: "the disk of the database is full",
    async happens(world) {
      world.disk.isWhole = false;
      await world.pass(3 * MINUTE);
    },
    fires: one(
      "TartfleetDatabaseDiskFull",
      TARGET,
      "The control plane at fleet:7337 accepts no new VM: the disk of its database has no room.",
    ),
  },
  {
    what: "nobody renews the certificate",
    async happens(world) {
      world.certificate.endsAt = world.fleet.clock.now() + 13 * 24 * HOUR + 2 * HOUR;
      await world.pass(2 * HOUR);
    },
    fires: one(
      "TartfleetCertificateEnds",
      TARGET,
      "The certificate of fleet:7337 ends in 13d 0h 0m 0s: then no agent and no guest that is to verify it connects.",
    ),
  },
  {
    what: "a VM asks for a label that no host has",
    async happens(world) {
      await world.fleet.create({ hostLabels: { xcode: "99" }, allowPending: true });
      await world.pass(20 * MINUTE);
    },
    fires: one(
      "TartfleetQueueStuck",
      TARGET,
      "The oldest VM in the queue of fleet:7337 has waited for 20m 0s, and a slot is free: no host has its labels or size, its team is at its cap, or placement is stuck.",
    ),
  },
  {
    what: "the fleet is too small for what is asked",
    async happens(world) {
      for (let n = 0; n < 30; n += 1) await world.fleet.create();
      // Each takes a quarter of an hour, and the next has its slot.
      for (let n = 0; n < 4; n += 1) {
        for (const mac of ["mac-1", "mac-2"]) await world.mac(mac).bringUpAll();
        await world.pass(15 * MINUTE);
        const { vms } = world.fleet.useCases.listVms({ state: ["ready"], limit: 100 });
        for (const { id } of vms) await world.fleet.useCases.endVm(ANA, id, {});
        for (const mac of ["mac-1", "mac-2"]) await world.mac(mac).removeAll();
      }
      await world.pass(2 * MINUTE);
    },
    fires: one(
      "TartfleetQueueWaitLong",
      {},
      "One in twenty VMs waits for 58m 30s or longer; the target is ten minutes.",
    ),
  },
  {
    what: "a VM waits longer than it may",
    async happens(world) {
      for (let n = 0; n < 4; n += 1) await world.fleet.create();
      for (const mac of ["mac-1", "mac-2"]) await world.mac(mac).bringUpAll();
      await world.fleet.create({ queueTimeoutSeconds: 300 });
      await world.pass(7 * MINUTE);
    },
    fires: one(
      "TartfleetQueueTimeouts",
      { team: "default" },
      "VMs of team default that found no slot within their queue timeout in the last hour: 1. Their jobs have no runner.",
    ),
  },
  {
    what: "an image fails on every host",
    config: { breakerRestSeconds: 0 },
    async happens(world) {
      for (let n = 0; n < 8; n += 1) {
        await world.failure("ghcr.io/org/broken:1");
        await world.job();
      }
      await world.pass(6 * MINUTE);
    },
    fires: one(
      "TartfleetImageFails",
      { image: "ghcr.io/org/broken" },
      "Of the attempts with ghcr.io/org/broken in the last half hour 100% failed.",
    ),
  },
  {
    what: "a host fails attempt after attempt",
    async happens(world) {
      for (let n = 0; n < 2; n += 1) await world.failure(IMAGE, "mac-2");
      await world.pass(15 * MINUTE);
    },
    fires: [
      {
        alert: "TartfleetHostFails",
        labels: onHost("mac-2"),
        says: "Of the attempts on host mac-2 in the last hour 100% failed.",
      },
      {
        alert: "TartfleetBreakerOpen",
        labels: { host: "mac-2" },
        says: "Host mac-2 gets no VMs but one to try it with: attempt after attempt failed there.",
      },
    ],
  },
  {
    what: "an agent dies",
    async happens(world) {
      world.silence("mac-2");
      await world.pass(5 * MINUTE);
    },
    fires: one(
      "TartfleetHostSilent",
      onHost("mac-2"),
      "Host mac-2 was heard last 5m 0s ago. Its slots stay taken; a VM of it that is ready goes on.",
    ),
  },
  {
    what: "all agents lose the control plane",
    async happens(world) {
      for (const mac of ["mac-1", "mac-2"]) world.silence(mac);
      await world.pass(6 * MINUTE);
    },
    fires: [
      {
        alert: "TartfleetHostSilent",
        labels: onHost("mac-1"),
        says: "Host mac-1 was heard last 6m 0s ago. Its slots stay taken; a VM of it that is ready goes on.",
      },
      {
        alert: "TartfleetHostSilent",
        labels: onHost("mac-2"),
        says: "Host mac-2 was heard last 6m 0s ago. Its slots stay taken; a VM of it that is ready goes on.",
      },
      {
        alert: "TartfleetHostsSilent",
        labels: {},
        says: "Of all hosts 100% are silent: their network, the name or the certificate of the control plane, or a bad release of the agent.",
      },
    ],
  },
  {
    what: "somebody starts a VM by hand",
    async happens(world) {
      await world.tell("mac-1", { foreign: [{ name: "mine", os: "macos", running: true }] });
      await world.pass(7 * MINUTE);
    },
    fires: one(
      "TartfleetPhantomSlots",
      onHost("mac-1"),
      "Slots of host mac-1 that are taken by macOS VMs which tartfleet does not account for: 1 of 2.",
    ),
  },
  {
    what: "a host's disk fills up",
    async happens(world) {
      await world.tell("mac-2", { diskFreeGiB: 40 });
      await world.pass(35 * MINUTE);
    },
    fires: one(
      "TartfleetHostDiskLow",
      onHost("mac-2"),
      "Host mac-2 has 40GiB free, less than 1.2 times the largest image.",
    ),
  },
  {
    what: "the doctor finds that nobody is logged in",
    async happens(world) {
      const found = { code: "gui_session", state: "error" as const, message: "nobody", cure: "log in" };
      await world.tell("mac-1", { findings: [found] });
      await world.pass(20 * MINUTE);
    },
    fires: one(
      "TartfleetHostUnwell",
      { ...onHost("mac-1"), state: "error" },
      "What the doctor found on host mac-1 that VMs fail of: 1.",
    ),
  },
  {
    what: "a host has hardly any address left",
    async happens(world) {
      const found = {
        code: "dhcp_leases",
        state: "warning" as const,
        message: "many",
        cure: "rm",
        value: 211,
      };
      await world.tell("mac-1", { findings: [found] });
      await world.pass(12 * MINUTE);
    },
    fires: one(
      "TartfleetDhcpLeases",
      onHost("mac-1"),
      "On host mac-1 211 of 253 addresses for VMs are taken.",
    ),
  },
  {
    what: "a cordon is forgotten",
    async happens(world) {
      await world.fleet.useCases.cordonHost(ANA, "mac-1", { reason: "os upgrade" });
      await world.leap(24 * HOUR - 30 * MINUTE);
      await world.pass(34 * MINUTE);
    },
    fires: one(
      "TartfleetCordonForgotten",
      { ...onHost("mac-1"), by: "person" },
      "Host mac-1 was cordoned by a person 1d 0h 4m 0s ago.",
    ),
  },
  {
    what: "an image's runner does not exit after its job",
    async happens(world) {
      for (let n = 0; n < 3; n += 1) await world.job("hook_only");
      await world.pass(2 * MINUTE);
    },
    fires: one(
      "TartfleetForcedEnds",
      {},
      "Of the VMs whose job ended in the last six hours 75% had to be ended by force: the job's hook came, or its CI system said that it is over, and the runner's exit did not come.",
    ),
  },
  {
    what: "a runner takes a second job",
    happens: (world) => world.job("second_job"),
    fires: one(
      "TartfleetSecondJob",
      { team: "default" },
      "Runners of team default started a second job in a VM in the last hour: 1.",
    ),
  },
  {
    what: "guests crash",
    async happens(world) {
      for (let n = 0; n < 2; n += 1) {
        const { id, mac } = await world.placed(IMAGE);
        await mac.bringUpAll();
        await mac.report({ kind: "run_ended", vmId: id, attempt: 1, cause: "guest_crashed", logTail: "" });
        await mac.removeAll();
      }
      await world.pass(2 * MINUTE);
    },
    fires: one(
      "TartfleetVmsLost",
      { reason: "guest_crashed" },
      "VMs that ended as guest_crashed in the last hour, perhaps in the middle of their job: 2.",
    ),
  },
  {
    what: "a receiver of webhooks takes nothing for more than a day",
    async happens(world) {
      const { useCases } = world.fleet;
      const receiver = await startReceiver(() => 503);
      await hook(world.fleet, { url: receiver.url, events: ["host.cordoned"] });
      await useCases.cordonHost(ANA, "mac-1", { reason: "os upgrade" });
      await useCases.uncordonHost(ANA, "mac-1");
      await world.pass(MINUTE);
      const waiting = () => useCases.listDeliveries("ops", { state: "pending", after: 0, limit: 1 })[0];
      let tries = 0;
      while (useCases.getWebhook("ops").dead === 0) {
        await until(() => useCases.getWebhook("ops").dead === 1 || (waiting()?.tries ?? 0) > tries);
        const next = waiting();
        if (!next?.nextTryAt) continue;
        ({ tries } = next);
        await world.leap(Date.parse(next.nextTryAt) - world.fleet.clock.now());
      }
      await world.pass(12 * MINUTE);
    },
    fires: one(
      "TartfleetWebhookDead",
      TARGET,
      "Deliveries that were given up after a day of tries and wait to be replayed: 1.",
    ),
  },
];
