import type { Standing } from "../domain/explain/forecast.ts";
import { groupHosts, type AskedHost, type HostGroup } from "../domain/explain/host-groups.ts";
import { lengthsOf, type Lengths } from "../domain/explain/lengths.ts";
import { nameOfImage, rested, type Need } from "../domain/scheduling/request.ts";
import type { Holding } from "../store/standing.ts";
import { roomOf } from "./fleet-view.ts";
import type { Parts } from "./parts.ts";

/** The fleet as explaining and foretelling see it: the scheduler's own view, and the fleet's own past. */
export function makeStanding({
  store,
  fleet,
  leases,
  history,
  changes,
  clock,
  config,
}: Pick<Parts, "store" | "fleet" | "leases" | "history" | "changes" | "clock" | "config">) {
  const { view } = fleet;
  /** Hosts that take no VM now, as they were last known: reading them anew is dear. */
  const away = new Map<number, Pick<AskedHost, "room" | "away">>();
  changes.onHostRoom((hostId) => void away.delete(hostId));

  function awayHost(hostId: number): Pick<AskedHost, "room" | "away"> {
    const known = away.get(hostId);
    if (known) return known;
    const host = store.hostById(hostId);
    const cordon = leases.isConnected(hostId) ? host?.cordon : undefined;
    const read = {
      room: host && roomOf(host),
      away: cordon
        ? { reason: "cordoned" as const, by: cordon.by, why: cordon.reason, until: cordon.until }
        : { reason: "silent" as const },
    };
    away.set(hostId, read);
    return read;
  }

  /** Every registered host, also those that take no VM now. */
  function* askedHosts(): Generator<AskedHost> {
    for (const { id, name, phantoms } of store.hostNames()) {
      const room = view.rooms.room(id);
      yield room ? { name, room, away: null, phantoms } : { name, phantoms, ...awayHost(id) };
    }
  }

  /** Hosts whose cordons end by themselves, with when they do. */
  function returning(now: number): Standing["returning"] {
    return store.hostNames().flatMap(({ id }) => {
      if (view.rooms.room(id)) return [];
      const { away: known } = awayHost(id);
      if (known?.reason !== "cordoned" || known.until === null) return [];
      const host = store.hostById(id);
      const room = host && roomOf(host);
      return room ? [{ at: known.until - now, room }] : [];
    });
  }

  return {
    view,

    /** Until when a VM is kept off the hosts where it failed just now; undefined when it is not. */
    restsUntil: fleet.restsUntil,

    /** Lengths of a team's VMs of an image. */
    lengths: (team: string, image: string): Lengths => lengthsOf(history.durations, team, image),

    /** How many finished runs forecasts go by, of the newest few hundred. */
    runs: (): number => history.count({ phase: "run" }),

    /** What every registered host says of a VM. */
    groups(need: Need, triedHosts: readonly number[] = [], holdings: readonly Holding[] = []): HostGroup[] {
      const imageGiB = view.rooms.imageGiB(need);
      return groupHosts(askedHosts(), need, {
        now: clock.now(),
        imageGiB,
        triedHosts,
        leftGiB(hostId) {
          const pull = holdings.find((held) => held.hostId === hostId && held.need.image === need.image);
          const percent = pull?.pullPercent ?? null;
          return percent === null || imageGiB === undefined ? undefined : (imageGiB * (100 - percent)) / 100;
        },
      });
    },

    /** All that forecasts are made from, as of now. */
    now(holdings: readonly Holding[] = store.holdings(clock.now())): Standing<Holding> {
      const now = clock.now();
      const known = new Map<string, Lengths>();
      const lengths = (team: string, image: string) => {
        const key = `${team} ${image}`;
        const found = known.get(key) ?? lengthsOf(history.durations, team, image);
        known.set(key, found);
        return found;
      };
      const lengthsOfHeld = new Map(
        holdings.map((held) => [held, lengths(held.team, nameOfImage(held.need))]),
      );
      return {
        rooms: [...view.rooms.all()],
        returning: returning(now),
        // Those on other hosts hold their teams' shares as well.
        occupants: holdings,
        // That a VM is kept off a host for a minute is not foretold.
        lines: [...view.queue.lines()].map(({ requests }) => ({ requests: requests.map(rested) })),
        policy: view.policy,
        layout: config.layout,
        leaves: (held, u) =>
          leases.isConnected(held.hostId) ? lengthsOfHeld.get(held)?.left(held, now, u) : undefined,
        stays: ({ team, need }, hasImage, u) => lengths(team, nameOfImage(need)).whole(hasImage, u),
      };
    },
  };
}

export type FleetStanding = ReturnType<typeof makeStanding>;
