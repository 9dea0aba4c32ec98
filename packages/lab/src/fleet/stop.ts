import { rm } from "node:fs/promises";
import type { Api } from "./api.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { FleetHost } from "./host.ts";
import { instanceDirectories, leftProcesses, takenSlots, type Leftover } from "./leftovers.ts";
import { killProcesses, type Marker } from "./marker.ts";

export interface StopParts {
  controlPlane: ControlPlane;
  hosts: readonly FleetHost[];
  api: Api;
  marker: Marker;
}

/** Ends a fleet in order, then by force, and removes its directory; answers with what should have been gone before. */
export async function stopFleet({ controlPlane, hosts, api, marker }: StopParts): Promise<Leftover[]> {
  const isUp = controlPlane.program.pid !== undefined;
  const slots = isUp ? await slotsLeft(api) : [];
  await Promise.all(hosts.map(({ agent }) => agent.stop()));
  await controlPlane.program.stop();
  const directories = await instanceDirectories(hosts.map(({ tartHome }) => tartHome));
  const processes = await leftProcesses(marker);
  await killProcesses(marker);
  await rm(marker.dir, { recursive: true, force: true, maxRetries: 3 });
  return [...slots, ...directories, ...processes];
}

async function slotsLeft(api: Api): Promise<Leftover[]> {
  try {
    return takenSlots(await api.capacity());
  } catch (error) {
    return [{ kind: "slot", what: `unknown: ${error instanceof Error ? error.message : String(error)}` }];
  }
}
