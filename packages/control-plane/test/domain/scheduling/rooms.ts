import type { FleetView } from "../../../src/domain/scheduling/decide.ts";
import type { HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import { makeHeld } from "../../../src/domain/scheduling/held.ts";
import { makeRoomIndex, type Layout } from "../../../src/domain/scheduling/room-index.ts";
import type { Need, Request } from "../../../src/domain/scheduling/request.ts";
import { dueOf, type Share, type SharePolicy } from "../../../src/domain/scheduling/shares.ts";
import { makeWaitQueue } from "../../../src/domain/scheduling/wait-queue.ts";

export const IMAGE = "x/a:1";
const CLASSES = ["release", "default", "batch"].map((name) => ({ name, reserved: 0 }));
const MINUTE = 60_000;
export const AGEING_MS = 15 * MINUTE;

export const room = (hostId: number, changed: Partial<HostRoom> = {}): HostRoom => ({
  hostId,
  labels: {},
  images: new Map(),
  arriving: new Set(),
  suspectImages: new Set(),
  isSuspect: false,
  isKept: false,
  freeSlots: [0, 1],
  cpu: 8,
  memoryMiB: 16_384,
  freeCpu: changed.cpu ?? 8,
  freeMemoryMiB: changed.memoryMiB ?? 16_384,
  diskFreeGiB: 300,
  ...changed,
});

export const need = (changed: Partial<Need> = {}): Need => ({
  os: "macos",
  image: IMAGE,
  cpu: null,
  memoryMiB: null,
  hostLabels: {},
  preferredHostLabels: {},
  ...changed,
});

export const request = (
  seq: number,
  { need: needed, ...changed }: Partial<Omit<Request, "need">> & { need?: Partial<Need> } = {},
): Request => ({
  vmId: `vm${seq}`,
  seq,
  team: "a",
  priority: "default",
  need: need(needed),
  since: seq,
  triedHosts: [],
  failedAt: null,
  ...changed,
});

/** A view of hosts and of those who wait. */
export function viewOf(
  rooms: readonly HostRoom[],
  requests: readonly Request[],
  {
    teams = {},
    classes = CLASSES,
    layout = "spread",
  }: { teams?: Record<string, Partial<Share>>; classes?: SharePolicy["classes"]; layout?: Layout } = {},
): FleetView {
  const policy: SharePolicy = {
    teams: new Map(
      Object.entries(teams).map(([name, share]) => [name, { guaranteed: 0, cap: null, weight: 1, ...share }]),
    ),
    classes,
    ageingMs: AGEING_MS,
  };
  const view: FleetView = {
    queue: makeWaitQueue((asked) => dueOf(policy, asked)),
    rooms: makeRoomIndex(layout),
    held: makeHeld(),
    policy,
  };
  for (const one of rooms) view.rooms.put(one);
  for (const one of requests) view.queue.put(one);
  return view;
}
