import type { Caller, UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import type { EnrolHost } from "@tartfleet/shared";
import type { Bugs } from "../mutations/bugs.ts";
import { describe, type Plan, type Theft } from "../plan/plan.ts";
import { createClients, type Clients } from "./clients.ts";
import { createControlPlaneSite, type ControlPlaneSite } from "./control-plane.ts";
import { createHostSite, type HostSite } from "./host-site.ts";
import { createHttp, type Http } from "./http.ts";
import { perform } from "./perform.ts";
import { createPerson, type Person } from "./person.ts";
import { createThieves } from "./thieves.ts";
import type { World } from "./world.ts";

/** A whole simulated fleet. */
export interface Fleet {
  world: World;
  site: ControlPlaneSite;
  hosts: readonly HostSite[];
  clients: Clients;
  http: Http;
  person: Person;
  /** How long the control plane stays down when it dies next. */
  nextRestart(milliseconds: number): void;
  steal(theft: Theft): Promise<void>;
  /** Told after the database was put back. */
  onRestored: () => void;
  /** macOS VMs that each machine's agent saw running when it last looked. */
  seenRunning: Map<string, ReadonlySet<string>>;
  calmAt: number;
  /** All faults stop, and all that is down comes back. */
  calm(): void;
}

const RESTART_MS = 5000;

/** Enrols the hosts and makes tokens. */
const ADMIN: Caller = {
  principal: { kind: "token", tokenId: "enrol0", role: "admin", name: "enrolment", team: null },
  requestId: "enrolment",
  address: null,
};

/** Starts a control plane, enrols the hosts, starts their agents, and has the plan carried out. */
export async function createFleet(
  world: World,
  plan: Plan,
  bugs: Bugs,
  until: (condition: () => boolean) => Promise<void>,
): Promise<Fleet> {
  const { timeline, trace, counts } = world;
  let restartMs = RESTART_MS;
  const site = createControlPlaneSite(world, bugs, () => {
    timeline.after(restartMs, () => {
      if (!site.process().isAlive()) site.start();
    });
    restartMs = RESTART_MS;
  });
  const http = createHttp(world, site);
  const clients = createClients(world, http);
  site.start();
  await until(() => site.serving() !== undefined);

  const seenRunning = new Map<string, ReadonlySet<string>>();
  const hosts: HostSite[] = [];
  for (let number = 1; number <= plan.hosts; number += 1) {
    const making = createHostSite({
      world,
      site,
      http,
      clients,
      bugs,
      number,
      async enrol(name, machineId) {
        return await enrolTwice(world, site.serving()?.useCases, { name, machineId });
      },
      onLook(machine, listed) {
        // Of our own ones it also finds the process; of others it knows what tart lists.
        const running = [...machine.vms.values()].filter(
          ({ name, os, run, isForeign }) =>
            os === "macos" && run !== null && (!isForeign || listed.includes(name)),
        );
        seenRunning.set(machine.name, new Set(running.map(({ name }) => name)));
      },
      onRunAsked(machine, name) {
        const vm = machine.vms.get(name);
        const seen = seenRunning.get(machine.name) ?? new Set();
        const running = [...machine.vms.values()].filter(
          (other) => other.os === "macos" && other.run !== null && seen.has(other.name),
        );
        if (vm?.os === "macos" && running.length >= 2) {
          world.fail({
            invariant: "two-macs-per-host",
            message: `${machine.name} was told to run ${name} while its agent knew of ${running.map(({ name }) => name).join(" and ")}`,
          });
        }
      },
    });
    let made: HostSite | undefined;
    void making.then((host) => {
      made = host;
    });
    await until(() => made !== undefined);
    hosts.push(await making);
  }
  await until(makeLoot(world, site.serving()?.useCases));
  site.backUp();
  for (const host of hosts) host.ensureAgent();

  const fleet: Fleet = {
    world,
    site,
    hosts,
    clients,
    http,
    person: createPerson(world, http, hosts),
    nextRestart(milliseconds) {
      restartMs = milliseconds;
    },
    steal: createThieves(world, site, http),
    onRestored: () => {},
    seenRunning,
    calmAt: plan.calmAt,
    calm() {
      trace.note("plan", "all faults stop");
      world.network.heal();
      site.disks.clearFaults();
      for (const { machine, ensureAgent } of hosts) {
        machine.clearFaults();
        machine.leakedSlots = 0;
        if (!machine.isUp) machine.powerOn();
        for (const vm of [...machine.vms.values()].filter(({ isForeign }) => isForeign)) {
          machine.endRun(vm, "", { exitCode: 0, signal: null });
          machine.vms.delete(vm.name);
        }
        ensureAgent();
      }
      if (!site.process().isAlive()) site.start();
      fleet.person.settle();
    },
  };
  for (const { at, action } of plan.actions) {
    timeline.at(at, () => {
      trace.note("plan", describe(action));
      counts.count(action.kind);
      perform(fleet, action);
    });
  }
  timeline.at(plan.calmAt, fleet.calm);
  return fleet;
}

/** The first credential is revoked by the second, and is good for thieves to try; so is the token it was made with. */
async function enrolTwice(
  { loot }: World,
  useCases: UseCases | undefined,
  machine: EnrolHost,
): Promise<string> {
  if (!useCases) throw new Error("nobody enrols hosts");
  const { token } = await useCases.createToken(ADMIN, {
    role: "host-enrolment",
    name: machine.name,
    uses: 1,
  });
  const principal = useCases.authenticate(token);
  if (!principal) throw new Error("the enrolment token is not good");
  const former = await useCases.enrolHost(ADMIN, machine);
  const { credential } = await useCases.enrolHost({ ...ADMIN, principal }, machine);
  loot.revoked.push(former.credential);
  loot.enrolments.push(token);
  loot.hosts.set(machine.name, { credential });
  return credential;
}

/** Makes tokens that let their holders do little, for thieves to steal. */
function makeLoot({ loot }: World, useCases: UseCases | undefined): () => boolean {
  useCases?.createToken(ADMIN, { role: "viewer", name: "viewer" }).then(
    ({ token }) => (loot.viewer = token),
    () => undefined,
  );
  useCases?.createToken(ADMIN, { role: "ci", name: "others", team: "others" }).then(
    ({ token }) => (loot.otherTeam = token),
    () => undefined,
  );
  return () => loot.viewer !== "" && loot.otherTeam !== "";
}
