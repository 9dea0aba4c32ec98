import type { VmRecord } from "@tartfleet/shared";
import type { Api } from "../../fleet/api.ts";
import type { Fleet, FleetOptions } from "../../fleet/fleet.ts";

/** One thing that a scenario shows, and whether it happened. */
export interface Claim {
  what: string;
  holds: boolean;
}

/** What a scenario plays on. */
export interface Stage {
  fleet: Fleet;
  say(line: string): void;
  /** A CI system of a team. */
  team(name: string): Promise<Api>;
  /** Asks for a VM that works for so many seconds, and tells of its life as it goes. */
  work(api: Api, name: string, seconds: number, parts?: Work): Promise<Worker>;
}

export interface Work {
  image?: string;
  priority?: string;
}

/** A VM that was asked for. */
export interface Worker {
  id: string;
  name: string;
  /** When it is at work, or has ended without. */
  ready: Promise<VmRecord>;
  ended: Promise<VmRecord>;
}

/** One of the fleet's promises, played so that a person can watch it. */
export interface Scenario {
  /** In one line. */
  summary: string;
  fleet: Pick<FleetOptions, "hosts" | "sim" | "controlPlane" | "agent">;
  play(stage: Stage): Promise<Claim[]>;
}

/** Images that every simulated Mac of a scenario has. */
export const IMAGES = [
  "registry.example.com/macos/ios:latest",
  "registry.example.com/macos/mac:latest",
] as const;

export const stockedMac = {
  images: IMAGES.map((image) => ({ name: image.replace(":latest", ""), compressedGB: 0.1 })),
  cached: [...IMAGES],
};
