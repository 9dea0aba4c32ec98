import { expect, test } from "vitest";
import { callerOf, startFleet } from "../support/fleet.ts";

test("peers §4 row 15: a runner takes another's job: the record says which was meant and which it was, and none counts for two", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const [first, second] = [
    await fleet.create({ jobId: "build-a" }),
    await fleet.create({ jobId: "build-b" }),
  ];
  await mac.bringUpAll();
  const guest = (vmId: string) => callerOf({ kind: "vm", vmId, attempt: 1 });
  const details = { runId: "7", job: "build-b", repository: "org/app" };
  await fleet.useCases.guestEvent(guest(first), first, { type: "job_started", details });
  expect(fleet.useCases.getVm(first)).toMatchObject({ jobId: "build-a", job: { state: "started", details } });
  // One VM, one job: that it took a second one is written down, and changes nothing.
  await fleet.useCases.guestEvent(guest(first), first, { type: "job_started", details: { job: "build-a" } });
  expect(fleet.useCases.getVm(first).job.details).toEqual(details);
  expect(fleet.useCases.vmEvents(first, 0, 100).at(-1)?.message).toContain("started another job");
  // The other one still waits for a job, is nobody's, and its guest speaks for it alone.
  expect(fleet.useCases.getVm(second)).toMatchObject({ jobId: "build-b", job: { state: "none" } });
  await expect(fleet.useCases.endVm(guest(second), second, { jobId: "build-a" })).rejects.toMatchObject({
    code: "job_mismatch",
  });
  expect(fleet.state(second)).toBe("ready");
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
