import { expect } from "vitest";
import type { World } from "./world.ts";

/** Longer than sweeps need to find what does not fit together, and than whatever is asked for now and then. */
const AFTERWARDS_MS = 330_000;

/**
 * What must hold whatever happened: every job comes to its end and was begun once at most, and then nothing is left of
 * VMs, instances and runners, and nobody asks for more.
 */
export async function expectNothingLeft(
  { ci, time, macs, vms, live, guests }: World,
  withinMs?: number,
): Promise<void> {
  const isAtRest = () =>
    ci.jobs().every(({ isOver }) => isOver) &&
    macs.every((mac) => mac.instances() === 0) &&
    live().length === 0;
  await time.until("all jobs are over and all VMs gone", isAtRest, withinMs);
  const asked = vms().length;
  await time.pass(AFTERWARDS_MS);
  expect({
    begunTwice: ci.jobs().filter(({ starts }) => starts > 1),
    runners: ci.runners(),
    live: live(),
    instances: macs.map((mac) => mac.instances()),
    guests: guests().length,
    vms: vms().length,
  }).toEqual({
    begunTwice: [],
    runners: [],
    live: [],
    instances: macs.map(() => 0),
    guests: 0,
    vms: asked,
  });
}
