import type { Report } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { callerOf, startFleet } from "../support/fleet.ts";

const HOUR = 3_600_000;
const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });

test("peers §4 row 4: no sweep kills a runner that has a job: not silence, restarts, a failing host or an overdue drain", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const other = await fleet.host("mac-2");
  const id = await fleet.create({ ttlSeconds: 86_400, hostLabels: {} });
  await mac.bringUpAll();
  const guest = callerOf({ kind: "vm", vmId: id, attempt: 1 });
  await fleet.useCases.guestEvent(guest, id, { type: "job_started", details: { runId: "1" } });
  const works = () =>
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "ready", attempt: 1, job: { state: "started" } });

  // Its host is silent for hours, and the control plane is restarted meanwhile.
  await fleet.clock.pass(3 * HOUR);
  await fleet.restart();
  await fleet.clock.pass(3 * HOUR);
  works();
  await mac.hello();
  await other.hello();

  // Others fail on that host until it is closed.
  for (let n = 0; n < 3; n += 1) {
    await fleet.create({ image: `ghcr.io/org/image-${n}:1` });
    for (const { vmId, attempt, want } of (await mac.assignments()).assignments) {
      if (want !== "running" || vmId === id) continue;
      const error = { code: "start_failed" as const, message: "broken", facts: {} };
      await mac.report({ kind: "failed", vmId, attempt, phase: "booting", error } satisfies Report);
    }
    await mac.removeAll();
  }
  works();

  // It is drained, and its deadline passes.
  await fleet.useCases.drainHost(ANA, "mac-1", { reason: "update", deadlineSeconds: 60, endVms: false });
  await fleet.clock.pass(2 * HOUR);
  works();

  // What its runner could not be asked about says nothing of the job.
  await mac.hello();
  const error = { code: "guest_unreachable" as const, message: "no answer", facts: {} };
  await mac.report({ kind: "failed", vmId: id, attempt: 1, phase: "ready", error });
  works();

  await fleet.useCases.endVm(guest, id, { phase: "job_hook" });
  await fleet.useCases.endVm(guest, id, { phase: "runner_exited", rc: 0 });
  await fleet.clock.pass(10_000);
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "runner_exited" } });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
