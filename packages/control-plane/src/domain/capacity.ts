import type { Capacity, Labels, SlotCounts } from "@tartfleet/shared";
import { SLOTS_PER_HOST } from "@tartfleet/shared";

/** What capacity and placement need to know of a host. */
export interface HostOccupancy {
  connected: boolean;
  cordoned: boolean;
  labels: Labels;
  images: readonly string[];
  /** Indexes of slots that an attempt of ours holds. */
  heldSlots: readonly number[];
  /** macOS instances that run there although no attempt of ours accounts for them. */
  phantoms: number;
}

export type SlotUse = "free" | "busy" | "phantom";

/** Each slot's use, by index. A phantom takes the highest slots that we do not hold. */
export function slotUses(host: Pick<HostOccupancy, "heldSlots" | "phantoms">): SlotUse[] {
  const uses = Array.from({ length: SLOTS_PER_HOST }, (_, slot): SlotUse =>
    host.heldSlots.includes(slot) ? "busy" : "free",
  );
  for (let phantoms = host.phantoms; phantoms > 0; phantoms -= 1) {
    const slot = uses.lastIndexOf("free");
    if (slot === -1) break;
    uses[slot] = "phantom";
  }
  return uses;
}

/** Live VMs of one image in one state. */
export interface ImageUse {
  image: string;
  state: string;
  count: number;
}

/** What the fleet can take; every host's slots are counted under exactly one heading. */
export function capacityOf(hosts: readonly HostOccupancy[], imageUse: readonly ImageUse[]): Capacity {
  const labels = groupedBy(hosts, (host) =>
    Object.entries(host.labels).map(([key, value]) => `${key}=${value}`),
  );
  const having = groupedBy(hosts, ({ images }) => images);
  const uses = Map.groupBy(imageUse, ({ image }) => image);
  const images = new Set([...having.keys(), ...uses.keys()]);
  const sumOf = (uses: readonly ImageUse[]) => uses.reduce((sum, { count }) => sum + count, 0);
  return {
    slots: countSlots(hosts),
    queued: sumOf(imageUse.filter(({ state }) => state === "queued")),
    byHostLabel: [...labels]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([label, labelled]) => ({ label, ...countSlots(labelled) })),
    byImage: [...images].sort().map((image) => {
      const [hostsWith, ofImage] = [having.get(image) ?? [], uses.get(image) ?? []];
      const queued = sumOf(ofImage.filter(({ state }) => state === "queued"));
      return {
        image,
        hosts: hostsWith.length,
        free: countSlots(hostsWith).free,
        queued,
        running: sumOf(ofImage) - queued,
      };
    }),
  };
}

/** Items by each of their keys. */
function groupedBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}

function countSlots(hosts: readonly HostOccupancy[]): SlotCounts {
  const counts = { total: 0, busy: 0, free: 0, phantom: 0, unreachable: 0, cordoned: 0 };
  for (const host of hosts) {
    for (const use of slotUses(host)) {
      counts.total += 1;
      const isKept = use === "free" && host.cordoned;
      counts[host.connected ? (isKept ? "cordoned" : use) : "unreachable"] += 1;
    }
  }
  return counts;
}
