import type { FleetView } from "@tartfleet/control-plane/src/domain/scheduling/decide.ts";
import { makeHeld } from "@tartfleet/control-plane/src/domain/scheduling/held.ts";
import type { HostRoom } from "@tartfleet/control-plane/src/domain/scheduling/host-room.ts";
import type { Request } from "@tartfleet/control-plane/src/domain/scheduling/request.ts";
import { makeRoomIndex } from "@tartfleet/control-plane/src/domain/scheduling/room-index.ts";
import { dueOf, type SharePolicy } from "@tartfleet/control-plane/src/domain/scheduling/shares.ts";
import { makeWaitQueue } from "@tartfleet/control-plane/src/domain/scheduling/wait-queue.ts";

const IMAGES = Array.from({ length: 12 }, (_, index) => `ghcr.io/example/macos:${index}`);
const XCODES = ["15", "16", "26"];
const TEAMS = ["apps", "backend", "games", "maps", "web"];
const CLASSES = ["release", "default", "batch"];
const POLICY: SharePolicy = {
  teams: new Map([["apps", { guaranteed: 50, cap: null, weight: 2 }]]),
  classes: CLASSES.map((name) => ({ name, reserved: 0 })),
  ageingMs: 900_000,
};

const pick = (list: readonly string[], index: number): string => list[index % list.length] ?? "";

/** A host with two free slots, three images and one of three labels. */
export function roomOf(hostId: number): HostRoom {
  const images = [0, 5, 7].map((step): [string, number] => [pick(IMAGES, hostId * 3 + step), 25]);
  return {
    hostId,
    labels: { xcode: pick(XCODES, hostId) },
    images: new Map(images),
    arriving: new Set(),
    suspectImages: new Set(),
    isSuspect: false,
    isKept: false,
    freeSlots: [0, 1],
    cpu: 12,
    memoryMiB: 65_536,
    freeCpu: 12,
    freeMemoryMiB: 65_536,
    diskFreeGiB: 400,
  };
}

/** One that waits: every third asks for a label, all for an image, of five teams and three classes. */
export function requestOf(seq: number): Request {
  return {
    vmId: `vm${seq}`,
    seq,
    team: pick(TEAMS, seq * 7),
    priority: pick(CLASSES, Math.floor(seq / 11)),
    need: {
      os: "macos",
      image: pick(IMAGES, seq * 5),
      cpu: null,
      memoryMiB: null,
      hostLabels: seq % 3 === 0 ? { xcode: pick(XCODES, Math.floor(seq / 3)) } : {},
      preferredHostLabels: {},
    },
    since: seq,
    triedHosts: [],
    failedAt: null,
  };
}

export function viewOf(hosts: number, requests: number): FleetView {
  const view: FleetView = {
    queue: makeWaitQueue((request) => dueOf(POLICY, request)),
    rooms: makeRoomIndex("spread"),
    held: makeHeld(),
    policy: POLICY,
  };
  for (let hostId = 1; hostId <= hosts; hostId += 1) view.rooms.put(roomOf(hostId));
  for (let seq = 1; seq <= requests; seq += 1) view.queue.put(requestOf(seq));
  return view;
}
