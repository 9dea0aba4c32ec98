import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

const OLD = `sha256:${"a".repeat(64)}`;
const NEW = `sha256:${"b".repeat(64)}`;
const REPOSITORY = "ghcr.io/org/image";
const TAG = `${REPOSITORY}:1`;

const having = (digest: string) => ({
  resolvesTags: true,
  images: [{ reference: TAG, sizeGiB: 40, digest }],
});

test("peers §4 row 22: a tag was moved, and a host has the old image under it: the digest that it stands for now is what runs", async () => {
  const fleet = await startFleet();
  const hosts = {
    "mac-stale": await fleet.host("mac-stale", having(OLD)),
    "mac-fresh": await fleet.host("mac-fresh", having(NEW)),
  };
  // It is seen.
  expect(fleet.useCases.listImages()).toMatchObject([
    {
      reference: TAG,
      hosts: 2,
      digests: [
        { digest: OLD, hosts: ["mac-stale"] },
        { digest: NEW, hosts: ["mac-fresh"] },
      ],
      isMixed: true,
      pulling: [],
    },
  ]);

  // Five VMs ask for the tag, more than the fresh host has slots. Whichever host asks the registry hears of NEW.
  const ids = [];
  for (let n = 0; n < 5; n += 1) ids.push(await fleet.create({ image: TAG }));
  for (const host of Object.values(hosts)) await host.resolved(TAG, { kind: "digest", digest: NEW });

  // Those come first who have it; the stale host is told to fetch it, and does not take its own for it.
  for (const host of Object.values(hosts)) {
    const { assignments } = await host.assignments();
    expect(assignments).toHaveLength(2);
    for (const { image } of assignments) expect(image).toBe(`${REPOSITORY}@${NEW}`);
  }
  expect(ids.slice(0, 2).map((id) => fleet.useCases.getVm(id).host)).toEqual(["mac-fresh", "mac-fresh"]);

  // The record tells what was asked for and what it was, before any host has begun.
  for (const id of ids) expect(fleet.useCases.getVm(id)).toMatchObject({ image: TAG, imageDigest: NEW });

  // The tag moves on meanwhile: those who were accepted keep what they got.
  await fleet.clock.pass(61_000);
  for (const host of Object.values(hosts)) await host.heartbeat();
  const last = ids[4] ?? "";
  await hosts["mac-stale"].bringUpAll();
  await fleet.useCases.endVm(CI, (await hosts["mac-stale"].assignments()).assignments[0]?.vmId ?? "", {});
  await hosts["mac-stale"].removeAll();
  expect(fleet.useCases.getVm(last)).toMatchObject({ host: "mac-stale", imageDigest: NEW });
  expect((await hosts["mac-stale"].assignments()).assignments.map(({ image }) => image)).toEqual([
    `${REPOSITORY}@${NEW}`,
    `${REPOSITORY}@${NEW}`,
  ]);
  fleet.close();
});

test("peers §4 row 22: hosts whose agents cannot ask a registry: what a VM really got stands in its record", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-old", { images: [{ reference: TAG, sizeGiB: 40, digest: OLD }] });
  const id = await fleet.create({ image: TAG });
  expect(fleet.useCases.getVm(id).imageDigest).toBeNull();
  await host.report({ kind: "phase", vmId: id, attempt: 1, phase: "booting", imageDigest: OLD });
  expect(fleet.useCases.getVm(id).imageDigest).toBe(OLD);
  fleet.close();
});
