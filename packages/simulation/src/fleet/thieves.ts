import {
  authorize,
  authorizeForVm,
  type Action as Right,
} from "@tartfleet/control-plane/src/api/authorize.ts";
import type { Caller, HostCaller, UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { CallError, createVmSchema, type Hello } from "@tartfleet/shared";
import type { Theft } from "../plan/plan.ts";
import type { Random } from "../world/random.ts";
import type { ControlPlaneSite } from "./control-plane.ts";
import type { Http } from "./http.ts";
import type { World } from "./world.ts";

/** What thieves have got hold of. */
export interface Loot {
  /** Each guest's token, in the order in which guests were set up. */
  vms: { vmId: string; attempt: number; token: string }[];
  /** Each host's credential and its last hello, by the host's name. */
  hosts: Map<string, { credential: string; hello?: Hello }>;
  /** Credentials that were revoked. */
  revoked: string[];
  /** Enrolment tokens whose every use is used up. */
  enrolments: string[];
  viewer: string;
  /** A CI system's of a team that has no VM. */
  otherTeam: string;
}

export const noLoot = (): Loot => ({
  vms: [],
  hosts: new Map(),
  revoked: [],
  enrolments: [],
  viewer: "",
  otherTeam: "",
});

interface Victim {
  vmId: string;
  attempt: number;
  hostName: string;
}

/** Try what the plan says, each with somebody's real credential; what came of it is in the ledger. */
export function createThieves(world: World, site: ControlPlaneSite, http: Http) {
  const { ledger, trace, counts } = world;
  const random = world.random.stream("thieves");

  function victims(): Victim[] {
    return site.database().db.all<Victim>(
      `select a.vm_id as vmId, a.attempt, h.name as hostName from attempts a join hosts h on h.id = a.host_id
         where a.want = 'running' order by a.vm_id`,
    );
  }

  return async (theft: Theft): Promise<void> => {
    const plot = PLOTS[theft]({ loot: world.loot, victims: victims(), site, random });
    if (!plot) return;
    counts.count(`theft ${theft}`);
    const answer = await http.request("thieves", 10_000, (useCases) =>
      plot.act(useCases, callerOf(useCases, plot.token)),
    );
    trace.note("thieves", `${theft}: ${answer?.status ?? "no answer"}`);
    ledger.thefts.push({ what: theft, status: answer?.status });
  };
}

interface Scene {
  loot: Loot;
  victims: Victim[];
  site: ControlPlaneSite;
  random: Random;
}

interface Plot {
  token: string;
  act(useCases: UseCases, caller: Caller): Promise<unknown>;
}

function callerOf(useCases: UseCases, token: string): Caller {
  const principal = useCases.authenticate(token);
  if (!principal) throw new CallError("unauthenticated", "the token is not known");
  return { principal, requestId: "theft", address: "thieves" };
}

function one<T>(random: Random, things: readonly T[]): T | undefined {
  return things[random.int(0, Math.max(0, things.length - 1))];
}

/** A guest's token, used for something that the table of rights does not give it. */
function asGuest({ loot, random }: Scene, right: Right, act: Plot["act"], about?: string): Plot | undefined {
  const stolen = one(random, loot.vms);
  return (
    stolen && {
      token: stolen.token,
      async act(useCases, caller) {
        authorize(useCases, caller, right, about);
        await act(useCases, caller);
      },
    }
  );
}

/** A host's credential, used about what is on another host. */
function asHost(
  { loot, victims, site, random }: Scene,
  act: (useCases: UseCases, host: HostCaller, epoch: number, victim: Victim) => Promise<unknown>,
): Plot | undefined {
  const victim = one(random, victims);
  const other = one(
    random,
    [...loot.hosts].filter(([name]) => name !== victim?.hostName),
  );
  if (!victim || !other) return undefined;
  const [name, { credential }] = other;
  return {
    token: credential,
    async act(useCases, { principal, ...call }) {
      if (principal.kind !== "host") throw new CallError("forbidden", "not a host");
      const [row] = site
        .database()
        .db.all<{ epoch: number }>(`select epoch from hosts where name = '${name}'`);
      await act(useCases, { ...call, principal }, row?.epoch ?? 0, victim);
    },
  };
}

function endsWith({ victims, random }: Scene, token: string): Plot | undefined {
  const victim = one(random, victims);
  if (!victim) return undefined;
  return {
    token,
    async act(useCases, caller) {
      authorizeForVm(useCases, caller, "vm.end", victim.vmId);
      await useCases.endVm(caller, victim.vmId, {});
    },
  };
}

function enrolsWith({ loot, random }: Scene, machine: { name: string; machineId: string }): Plot | undefined {
  const token = one(random, loot.enrolments);
  if (token === undefined) return undefined;
  return {
    token,
    async act(useCases, caller) {
      authorize(useCases, caller, "host.enrol");
      await useCases.enrolHost(caller, machine);
    },
  };
}

const PLOTS: Record<Theft, (scene: Scene) => Plot | undefined> = {
  guest_ends_other(scene) {
    const { loot, victims, random } = scene;
    const victim = one(random, victims);
    const stolen = one(
      random,
      loot.vms.filter(({ vmId }) => vmId !== victim?.vmId),
    );
    if (!victim || !stolen) return undefined;
    return {
      token: stolen.token,
      async act(useCases, caller) {
        authorize(useCases, caller, "vm.end", victim.vmId);
        await useCases.endVm(caller, victim.vmId, {});
      },
    };
  },
  former_guest_tells({ loot, victims, random }) {
    const stolen = one(
      random,
      loot.vms.filter(({ vmId }) => victims.every((victim) => victim.vmId !== vmId)),
    );
    if (!stolen) return undefined;
    return {
      token: stolen.token,
      async act(useCases, caller) {
        // Ended a moment ago, as the thief sees it, is not yet ended for a VM that is on its way down.
        if (useCases.getVm(stolen.vmId).endedAt === null) throw new CallError("forbidden", "it lives");
        await useCases.guestEvent(caller, stolen.vmId, { type: "job_started", details: {} });
      },
    };
  },
  guest_creates: (scene) =>
    asGuest(scene, "vm.create", (useCases, caller) =>
      useCases.createVm(caller, createVmSchema.parse({ image: "ghcr.io/org/macos:0", name: "stolen" })),
    ),
  guest_makes_token: (scene) =>
    asGuest(scene, "token.manage", (useCases, caller) =>
      useCases.createToken(caller, { role: "admin", name: "stolen" }),
    ),
  viewer_ends: (scene) => endsWith(scene, scene.loot.viewer),
  other_team_ends: (scene) => endsWith(scene, scene.loot.otherTeam),
  enrols_once_too_often: (scene) =>
    enrolsWith(scene, { name: "host-of-a-thief", machineId: "a-thief's-machine" }),
  enrols_as_another: (scene) => enrolsWith(scene, { name: "host-1", machineId: "a-thief's-machine" }),
  host_reports_other: (scene) =>
    asHost(scene, async ({ agent }, host, epoch, { vmId, attempt }) => {
      const [result] = await agent.report(host, epoch, [{ kind: "gone", vmId, attempt }]);
      if (result?.outcome === "ignored") throw new CallError("forbidden", result.reason ?? "");
    }),
  host_takes_secrets: (scene) =>
    asHost(scene, ({ agent }, host, epoch, { vmId, attempt }) =>
      agent.bootstrap(host, epoch, { vmId, attempt }),
    ),
  host_ends_vm: (scene) =>
    asHost(scene, async (useCases, caller, _epoch, { vmId }) => {
      authorize(useCases, caller, "vm.end", vmId);
      await useCases.endVm(caller, vmId, {});
    }),
  host_on_other_machine({ loot, random }) {
    const stolen = one(random, [...loot.hosts.values()]);
    if (!stolen?.hello) return undefined;
    const hello: Hello = { ...stolen.hello, machineId: "a-thief's-machine" };
    return {
      token: stolen.credential,
      async act({ agent }, { principal, ...call }) {
        if (principal.kind === "host") await agent.hello({ ...call, principal }, structuredClone(hello));
      },
    };
  },
  revoked_credential({ loot, random }) {
    const token = one(random, loot.revoked);
    return token === undefined ? undefined : { token, act: () => Promise.resolve() };
  },
};
