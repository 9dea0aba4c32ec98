import { afterEach, beforeEach, expect, test } from "vitest";
import { FACTS, startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;

beforeEach(async () => {
  fleet = await startFleet();
});

afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("a VM's pull is shown in bytes while it lasts, also after a restart", async () => {
  const mac = await fleet.host("mac-1");
  const vmId = await fleet.create();
  const pulling = { kind: "phase", vmId, attempt: 1, phase: "pulling" } as const;
  await mac.report(pulling);
  expect(fleet.useCases.getVm(vmId)).toMatchObject({ pullBytes: null, pullTotalBytes: null });
  await mac.report({ ...pulling, pullPercent: 40, pullTotalBytes: 25_000_000_000 });
  await fleet.restart();
  expect(fleet.useCases.getVm(vmId)).toMatchObject({
    pullPercent: 40,
    pullBytes: 10_000_000_000,
    pullTotalBytes: 25_000_000_000,
  });
  await mac.hello();
  await mac.report({ ...pulling, phase: "cloning" });
  expect(fleet.useCases.getVm(vmId)).toMatchObject({ pullBytes: null, pullTotalBytes: null });
});

test("a host's pulls are shown where its images are, while it is connected", async () => {
  const mac = await fleet.host("mac-1");
  const pulls = [{ reference: "ghcr.io/org/image:1", percent: 50, totalBytes: 8000 }];
  await fleet.useCases.agent.heartbeat(mac.host, mac.epoch, { facts: { ...FACTS, pulls } });
  expect(fleet.useCases.getHost("mac-1").facts?.pulls).toEqual(pulls);
  expect(fleet.useCases.listImages()).toMatchObject([
    {
      reference: "ghcr.io/org/image:1",
      hosts: 0,
      pulling: [{ host: "mac-1", percent: 50, bytes: 4000, totalBytes: 8000 }],
    },
  ]);
  await fleet.clock.pass(60_000);
  expect(fleet.useCases.listImages()).toEqual([]);
});
