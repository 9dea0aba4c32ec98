import type { Explanation, Unblock } from "@tartfleet/shared";
import type { FleetView } from "../scheduling/decide.ts";
import type { Request } from "../scheduling/request.ts";
import { inTheWay } from "../scheduling/warm.ts";
import { isCapped, reservedForOthers, shareOf } from "../scheduling/shares.ts";
import type { Forecast } from "./forecast.ts";
import { isSchedulable, type HostGroup } from "./host-groups.ts";
import type { Position } from "./position.ts";
import { agreed, span } from "./words.ts";

/** What is known of a VM that waits. Times are milliseconds. */
export interface WaitFacts {
  now: number;
  request: Request;
  position: Position;
  groups: readonly HostGroup[];
  view: Pick<FleetView, "rooms" | "held" | "policy">;
  forecast: Forecast;
  /** From placed to ready. */
  bringUp: { p50: number; p90: number };
  /** Finished runs that the forecast goes by. */
  runs: number;
  /** Until when it is kept off the hosts where it failed just now; null when it is not. */
  restsUntil: number | null;
  /** What is done about its image's tag, of which it must be known what it stands for; null: nothing need be. */
  resolving: string | null;
  /** When it will have waited too long; null: never. */
  givenUpAt: number | null;
}

const NAMES_SHOWN = 5;

/** Why a VM waits, what would let it start, and when that is. */
export function explainWaiting(facts: WaitFacts): Pick<Explanation, "summary" | "details" | "waiting"> {
  const { request, position, groups, forecast } = facts;
  const { team, priority } = request;
  const total = groups.reduce((sum, { names }) => sum + names.length, 0);
  const unblock = unblockOf(facts);
  const eta = etaOf(facts);
  const etaUnknown = eta === null ? whyUnknown(facts, unblock.what) : null;
  const place = `number ${position.inClass} of ${position.ofClass} in class ${priority} of team ${team}`;
  const hosts = groups.map(({ names, text }) => `${names.length} ${text}`).join("; ");
  const before =
    forecast.before === undefined || forecast.before === 0
      ? ""
      : ` ${agreed(forecast.before, "other VM", "starts", "start")} before it.`;
  return {
    summary: `It waits, ${place}: ${unblock.text}`,
    details: [
      total === 0 ? "No host is registered." : `${agreed(total, "host")}: ${hosts}.`,
      `It is number ${position.inTeam} of ${position.ofTeam} in its team; ${position.waiting} wait in the fleet.${before}`,
      eta === null ? `No forecast: ${etaUnknown}` : etaText(facts, eta.isExtrapolated),
      ...(facts.restsUntil === null ? [] : [`It failed just now, and ${rest(facts)}.`]),
      ...patience(facts),
    ],
    waiting: {
      position: { team, priority, ...position },
      hosts: {
        total,
        groups: groups.map(({ reason, names, text }) => ({
          reason,
          hosts: names.length,
          names: names.slice(0, NAMES_SHOWN),
          text,
        })),
      },
      unblock,
      eta,
      etaUnknown,
    },
  };
}

/** The first thing that would let it start: of its team, then of the hosts, by what passes the soonest. */
function unblockOf(facts: WaitFacts): { what: Unblock; text: string } {
  const { request, position, groups, view } = facts;
  const { team, priority, need } = request;
  const { policy, held, rooms } = view;
  const of = (reason: HostGroup["reason"]) => groups.filter((group) => group.reason === reason);
  const hosts = (reason: HostGroup["reason"]) => of(reason).reduce((sum, { names }) => sum + names.length, 0);
  const nameOf = (reason: HostGroup["reason"]) => of(reason)[0]?.names[0] ?? "";

  if (!isSchedulable(groups)) {
    const asked = Object.entries(need.hostLabels).map(([key, value]) => `${key}=${value}`);
    const labels = asked.length === 0 ? "" : ` with label ${asked.join(", ")}`;
    const size = hosts("too_small") > 0 ? " that is large enough" : "";
    return { what: "never", text: `no host can ever take it; one${labels}${size} must join the fleet.` };
  }
  if (facts.resolving !== null) return { what: "image", text: facts.resolving };
  const share = shareOf(policy, team);
  const has = held.ofTeam(team);
  if (need.os === "macos" && isCapped(share, has)) {
    const text = `team ${team} holds ${agreed(has, "slot")} and its cap is ${share.cap}; one of its VMs must end, or the cap be raised.`;
    return { what: "share", text };
  }
  if (hosts("fits") > 0) {
    const kept = need.os === "macos" ? reservedForOthers(policy, priority, held) : 0;
    if (kept > 0 && rooms.freeSlots() <= kept) {
      const free = agreed(rooms.freeSlots(), "free slot", "is", "are");
      const others = policy.classes
        .filter(({ name, reserved }) => name !== priority && reserved > held.ofClass(name))
        .map(({ name }) => name);
      const text = `${free} kept for class ${others.join(", ")}; another must become free.`;
      return { what: "reserved", text };
    }
    const best = rooms.find(need, request.triedHosts);
    if (best && inTheWay(best, need).length > 0)
      return { what: "slots", text: "a warm VM, which nobody has taken, makes room for it." };
    if (position.inTeam > 1) return { what: "turn", text: "those before it in its team are placed first." };
    return { what: "placing", text: "a host has room for it, and it is being placed." };
  }
  const full = hosts("slots") + hosts("phantom");
  if (hosts("slots") > 0) {
    const first = full === 1 ? `a VM on ${nameOf("slots")}` : `a VM on one of ${full} full hosts`;
    return { what: "slots", text: `${first} must end.` };
  }
  if (hosts("cpu") > 0 || hosts("memory") > 0) {
    const what = hosts("cpu") > 0 ? "cpu" : "memory";
    const where = agreed(hosts("cpu") + hosts("memory"), "host", "has", "have");
    const text = `${where} a free slot but not enough ${what === "cpu" ? "cores" : "memory"} left; a VM there must end.`;
    return { what, text };
  }
  if (hosts("just_failed") > 0) {
    const text = `it failed on ${nameOf("just_failed")} just now, where it ${rest(facts)}; a VM on another host must end.`;
    return { what: "retry", text };
  }
  if (hosts("kept") > 0) {
    const where = agreed(hosts("kept"), "host", "is", "are");
    return { what: "kept", text: `${where} kept free for a larger VM that has waited long; it goes first.` };
  }
  if (hosts("phantom") > 0) {
    return {
      what: "phantom",
      text: `a VM on ${nameOf("phantom")} must end, or what takes a slot there that is not tartfleet's.`,
    };
  }
  if (hosts("disk") > 0) return { what: "disk", text: `${nameOf("disk")} needs free disk space.` };
  if (hosts("cordoned") > 0) {
    const [group] = of("cordoned");
    return { what: "cordoned", text: `${nameOf("cordoned")} must be uncordoned (${group?.text}).` };
  }
  if (hosts("silent") > 0)
    return { what: "silent", text: `${nameOf("silent")} is silent and must come back.` };
  return { what: "unknown", text: `${nameOf("unknown")} has not connected yet.` };
}

type Eta = NonNullable<NonNullable<Explanation["waiting"]>["eta"]>;

function etaOf({ now, forecast, bringUp, runs }: WaitFacts): Eta | null {
  if (forecast.p50 === undefined || forecast.p90 === undefined) return null;
  const time = (wait: number) =>
    Number.isFinite(wait) ? new Date(Math.round(now + wait)).toISOString() : null;
  return {
    startP50: time(forecast.p50),
    startP90: time(forecast.p90),
    readyP50: time(forecast.p50 + bringUp.p50),
    readyP90: time(forecast.p90 + bringUp.p90),
    isExtrapolated: forecast.isExtrapolated,
    runs,
  };
}

function etaText({ forecast, bringUp, runs }: WaitFacts, isExtrapolated: boolean): string {
  const { p50 = 0, p90 = 0 } = forecast;
  if (!Number.isFinite(p50)) return "It starts later than can be foretold.";
  const late = Number.isFinite(p90) ? `, in nine of ten cases within ${span(p90)}` : "";
  const past = runs === 0 ? "by what is known to end" : `by the ${agreed(runs, "newest run")}`;
  const how = isExtrapolated ? "as fast as the queue moves" : past;
  return `It starts in about ${span(p50)}${late} (${how}), and is ready about ${span(bringUp.p50)} later.`;
}

function rest({ restsUntil, now }: WaitFacts): string {
  return `is tried again only in ${span(Math.max(0, (restsUntil ?? now) - now))} if no other host takes it before`;
}

/** When it will be given up, if that comes before most of what is foretold. */
function patience({ now, forecast, givenUpAt }: WaitFacts): string[] {
  if (givenUpAt === null) return [];
  const left = Math.max(0, givenUpAt - now);
  const isTooLate = forecast.p50 !== undefined && forecast.p50 > left;
  return [
    isTooLate
      ? `It will most likely not start in time: its queue timeout ends its wait in ${span(left)}.`
      : `Its queue timeout ends its wait in ${span(left)}.`,
  ];
}

function whyUnknown({ runs }: WaitFacts, what: Unblock): string {
  if (what === "never") return "no host can ever take it.";
  if (runs === 0) return "no VM of this fleet has come to its end yet, so nobody knows how long they take.";
  return "nothing that is foreseen makes room for it: it waits for something else than the end of a VM.";
}
