import type { Fleet, FleetOptions } from "../../src/fleet/fleet.ts";
import { until } from "../../src/fleet/until.ts";
import { scriptVm, simOf, UNTIL_LET_GO } from "./lab.ts";

const SOUND = "registry.example.com/macos/ios:latest";
/** Fetching it takes long. */
const HUGE = "registry.example.com/macos/everything:latest";
/** No registry has it. */
export const MISSING = "registry.example.com/macos/nightly:latest";
/** Nothing starts on it. */
export const BROKEN = "mac-1";
/** The VM that asked for the image that is not there. */
export const LOST = "release-build";

/** A fleet of so many Macs that `seedFaults` can spoil. Pulls take a time that shows, whatever the speed. */
export const faultyFleet = (hosts: number) =>
  ({
    hosts,
    sim: () => ({
      images: [
        { name: SOUND.replace(":latest", ""), compressedGB: 0.1 },
        { name: HUGE.replace(":latest", ""), compressedGB: 400 },
      ],
      cached: [],
    }),
    agent: (index) => ({ label: `rack=${index + 1}` }),
    controlPlane: { "breaker-rest-seconds": 3600, "image-resolve-ttl-seconds": 0 },
  }) satisfies FleetOptions;

/** Ordinary work, and then four faults: a slow image, a VM that fails, a Mac on which nothing starts, no room. */
export async function seedFaults(fleet: Fleet): Promise<void> {
  const { api, ci, hosts } = fleet;
  const on = (number: number) => ({ hostLabels: { rack: String(number) } });
  const isOver = async (id: string) => (await api.getVm(id)).endedAt !== null;
  const first = await Promise.all(
    hosts.flatMap((_host, index) =>
      [SOUND, HUGE].map((image) => ci.createVm(scriptVm("true", { image, ...on(index + 1) }))),
    ),
  );
  for (const { id } of first) await until("ordinary work to be done", () => isOver(id));

  const lost = await ci.createVm(scriptVm("true", { name: LOST, image: MISSING, ...on(2) }));
  await until(`${LOST} to fail`, () => isOver(lost.id));

  simOf(fleet, BROKEN).setFaults([{ action: "start-failure" }]);
  const unlucky = await Promise.all(
    [1, 2, 3].map((n) => ci.createVm(scriptVm("true", { name: `unlucky-${n}`, image: SOUND, ...on(1) }))),
  );
  await until(`${BROKEN} to be closed`, async () => (await api.host(BROKEN)).cordon !== null);
  for (const { id } of unlucky) await api.deleteVm(id);

  const isEmpty = async () => (await api.capacity()).slots.busy === 0;
  await until("the others to be empty", isEmpty);
  const room = 2 * (hosts.length - 1);
  for (let n = 1; n <= room + 2; n += 1)
    await ci.createVm(scriptVm(UNTIL_LET_GO, { name: `nightly-${n}`, image: SOUND }));
  await until("the others to be full", async () => (await api.capacity()).slots.busy === room);
}

/** Ends every VM, and waits until it is gone. */
export async function endAll({ api }: Pick<Fleet, "api">): Promise<void> {
  for (const { id, endedAt } of await api.listVms({ limit: "500" })) {
    if (endedAt === null) await api.deleteVm(id);
  }
  await until("every VM to be gone", async () => (await api.capacity()).slots.busy === 0);
}
