import type { Caller, UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { CHANNEL } from "../plan/channels.ts";
import type { PersonAct } from "../plan/person.ts";
import type { HostSite } from "./host-site.ts";
import type { Http } from "./http.ts";
import type { World } from "./world.ts";

/** The person who looks after the fleet: drains hosts, takes them out and brings them back, sets shares, moves channels. */
export interface Person {
  act(act: PersonAct): void;
  /** Sees to it that every host is in the fleet again and takes VMs, whatever requests were lost or came late. */
  settle(): void;
}

export const ANA: Caller = {
  principal: { kind: "token", tokenId: "ana", role: "admin", name: "ana", team: null },
  requestId: "ana",
  address: "clients",
};
/** As the control plane names her. */
const NAME = "token ana (ana)";
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 4000;
/** By then whatever she asked for has come, however late. */
const LATE_MS = 30_000;

export function createPerson(world: World, http: Http, hosts: readonly HostSite[]): Person {
  const { timeline, ledger, loot, trace } = world;

  async function ask<T>(what: string, act: (useCases: UseCases) => Promise<T>) {
    const answer = await http.request("clients", TIMEOUT_MS, act);
    trace.note("ana", `${what}: ${answer?.status ?? "no answer"}`);
    return answer;
  }

  async function drain(site: HostSite, { deadlineMs, endVms, ms }: Doing<"drain">): Promise<void> {
    const { hostName } = site;
    if (endVms) ledger.drainsThatEnd.add(hostName);
    const wanted = { reason: "a new macOS", deadlineSeconds: Math.round(deadlineMs / 1000), endVms };
    await ask(`drain ${hostName}`, (useCases) => useCases.drainHost(ANA, hostName, wanted));
    await timeline.sleep(ms);
    await uncordon(hostName);
  }

  const uncordon = (hostName: string) =>
    ask(`uncordon ${hostName}`, (useCases) => useCases.uncordonHost(ANA, hostName));

  async function remove(site: HostSite, { force, awayMs }: Doing<"remove_host">): Promise<void> {
    const { hostName } = site;
    if (force) ledger.forcedRemovals.add(hostName);
    ledger.formerCredentials.add(site.credential());
    const answer = await ask(`remove ${hostName}${force ? " by force" : ""}`, (useCases) =>
      useCases.removeHost(ANA, hostName, { force }),
    );
    // What was refused is left as it is; of what nobody answered she makes sure.
    if (answer !== undefined && answer.status !== 200) return;
    await timeline.sleep(awayMs);
    await enrol(site);
  }

  /** The machine gets a new credential, and its agent is started with it. */
  async function enrol(site: HostSite): Promise<void> {
    const { hostName: name, machineId } = site;
    const answer = await ask(`enrol ${name}`, (useCases) => useCases.enrolHost(ANA, { name, machineId }));
    const credential = answer?.body?.credential;
    if (credential === undefined) return;
    loot.hosts.set(name, { ...loot.hosts.get(name), credential });
    site.useCredential(credential);
  }

  /** @returns whether there was anything to do */
  async function lookAfter(): Promise<boolean> {
    const answer = await ask("looks at the hosts", async (useCases) =>
      useCases.listHosts().map(({ name, cordon }) => ({ name, by: cordon?.by })),
    );
    if (!answer?.body) return true;
    const cordoned = answer.body.filter(({ by }) => by === NAME);
    for (const { name } of cordoned) await uncordon(name);
    const outside: HostSite[] = [];
    for (const site of hosts) {
      const isKnown = await ask(`tries the credential of ${site.hostName}`, async (useCases) =>
        useCases.authenticate(site.credential()),
      );
      if (isKnown?.status === 200 && isKnown.body?.kind !== "host") outside.push(site);
    }
    for (const site of outside) await enrol(site);
    return cordoned.length + outside.length > 0;
  }

  async function settle(): Promise<void> {
    await timeline.sleep(LATE_MS);
    while (await lookAfter()) await timeline.sleep(PAUSE_MS);
  }

  async function setShare({ team, guaranteed, cap }: Doing<"set_share">): Promise<void> {
    await ask(`share of team ${team}`, (useCases) =>
      useCases.setTeam(ANA, team, { guaranteed, cap, weight: 1 }),
    );
  }

  async function changeChannel({ what, image: tag }: Doing<"channel">): Promise<void> {
    const image = `ghcr.io/org/macos:${tag}`;
    await ask(`${what} of channel ${CHANNEL}`, (useCases) => {
      switch (what) {
        case "set":
          return useCases.setChannel(ANA, CHANNEL, { image });
        case "rollout":
          return useCases.rollOutChannel(ANA, CHANNEL, { image, samplesPerStep: 3 });
        case "rollback":
          return useCases.rollBackChannel(ANA, CHANNEL);
        default:
          return what satisfies never;
      }
    });
  }

  return {
    act(act) {
      if (act.kind === "channel") return void changeChannel(act);
      if (act.kind === "set_share") return void setShare(act);
      const site = hosts.find(({ machine }) => machine.number === act.host);
      if (!site) return;
      if (act.kind === "drain") void drain(site, act);
      else void remove(site, act);
    },
    settle: () => void settle(),
  };
}

type Doing<K extends PersonAct["kind"]> = Extract<PersonAct, { kind: K }>;
