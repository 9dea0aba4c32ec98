import { HOST_REASONS, type HostReason, type Labels } from "@tartfleet/shared";
import { demandOn, misfit, type HostRoom } from "../scheduling/host-room.ts";
import { nameOfImage, type Need } from "../scheduling/request.ts";
import { span } from "./words.ts";

/** A registered host, asked about one VM. */
export interface AskedHost {
  name: string;
  /** As the scheduler would see it, also while it takes none; undefined before its agent has told of it. */
  room: HostRoom | undefined;
  /** Why it takes no VM at all now, whatever the VM. */
  away: { reason: "silent" } | { reason: "cordoned"; by: string; why: string; until: number | null } | null;
  /** Slots that something holds that is not ours. */
  phantoms: number;
}

/** Hosts that say the same. */
export interface HostGroup {
  reason: HostReason;
  names: string[];
  /** Without the hosts: `full`, `cordoned by ana: os upgrade`. */
  text: string;
}

/** What of the request's past and of the fleet tells hosts that fit apart. */
interface Particulars {
  /** Milliseconds since 1970. */
  now: number;
  imageGiB: number | undefined;
  triedHosts: readonly number[];
  /** How much of the image a host that fetches it still lacks; GiB. */
  leftGiB(hostId: number): number | undefined;
}

/** Every host in exactly one group. */
export function groupHosts(hosts: Iterable<AskedHost>, need: Need, about: Particulars): HostGroup[] {
  const groups = new Map<string, HostGroup>();
  for (const host of hosts) {
    const { reason, text } = verdictOf(host, need, about);
    const key = `${reason} ${text}`;
    const group = groups.get(key);
    if (group) group.names.push(host.name);
    else groups.set(key, { reason, text, names: [host.name] });
  }
  return [...groups.values()].sort(
    (a, b) =>
      HOST_REASONS.indexOf(a.reason) - HOST_REASONS.indexOf(b.reason) || b.names.length - a.names.length,
  );
}

/** Whether any host could ever take it; one that has not told of itself yet might. */
export function isSchedulable(groups: readonly HostGroup[]): boolean {
  return groups.some(({ reason }) => reason !== "labels" && reason !== "too_small");
}

/** The scheduler's own reason, under what keeps the host from taking any VM: what stays so outweighs what passes. */
function verdictOf(host: AskedHost, need: Need, about: Particulars): Omit<HostGroup, "names"> {
  const { room, away } = host;
  if (!room) return { reason: "unknown", text: "not connected yet, so nothing is known of it" };
  const reason = misfit(need, room, about.imageGiB);
  if (reason === "labels") return { reason, text: `without ${missing(room.labels, need.hostLabels)}` };
  if (reason === "too_small") {
    return { reason, text: `too small (${room.cpu} cores, ${room.memoryMiB} MiB)` };
  }
  if (away?.reason === "silent") return { reason: "silent", text: "silent" };
  if (away) {
    const why = away.why && `: ${away.why}`;
    const until = away.until === null ? "" : ` (for another ${span(Math.max(0, away.until - about.now))})`;
    return { reason: "cordoned", text: `cordoned by ${away.by}${why}${until}` };
  }
  switch (reason) {
    case "just_failed":
      return { reason, text: "where it failed just now" };
    case "kept":
      return { reason, text: "kept free for a larger VM, which has waited long" };
    case "slots":
      return host.phantoms > 0
        ? { reason: "phantom", text: "full, with a slot taken by something that is not tartfleet's" }
        : { reason, text: "full" };
    case "cpu":
      return { reason, text: `without ${demandOn(room, need).cpu} free cores` };
    case "memory":
      return { reason, text: `without ${demandOn(room, need).memoryMiB} MiB of free memory` };
    case "disk":
      return { reason, text: `without the disk space${pullOf(about.imageGiB, room, need)}` };
    case undefined:
    default:
      return { reason: "fits", text: fitOf(room, need, about) };
  }
}

function fitOf(room: HostRoom, need: Need, { imageGiB, triedHosts, leftGiB }: Particulars): string {
  if (triedHosts.includes(room.hostId)) return "free, but an attempt failed there before";
  if (room.isSuspect || room.suspectImages.has(nameOfImage(need))) return "free, but failing of late";
  if (room.images.has(need.image)) return "free, with the image";
  if (room.arriving.has(need.image)) {
    const left = leftGiB(room.hostId);
    return `free, pulling the image${left === undefined ? "" : `, ${gib(left)} left`}`;
  }
  return `free, without the image${imageGiB === undefined ? "" : ` (${gib(imageGiB)} to pull)`}`;
}

function pullOf(imageGiB: number | undefined, room: HostRoom, { image }: Need): string {
  return imageGiB === undefined || room.images.has(image) ? "" : ` for the image (${gib(imageGiB)})`;
}

const gib = (size: number) => `${size < 10 ? size.toFixed(1) : Math.round(size)} GiB`;

function missing(labels: Labels, wanted: Labels): string {
  const lacking = Object.entries(wanted).filter(([key, value]) => labels[key] !== value);
  return `label ${lacking.map(([key, value]) => `${key}=${value}`).join(", ")}`;
}
