import { readFileSync } from "node:fs";
import { createVmSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { namesOf, samplesOf } from "../support/exposition.ts";
import { callerOf, CI, settle, startFleet } from "../support/fleet.ts";

const IMAGE = 'image="ghcr.io/org/image"';

test("what a VM goes through is counted and measured, and nothing is labelled by it", async () => {
  const fleet = await startFleet();
  const waits = await fleet.create();
  await fleet.clock.pass(45_000);
  const mac = await fleet.host("mac-1");
  const ref = { vmId: waits, attempt: 1 };
  await mac.report({ kind: "phase", ...ref, phase: "booting" });
  await fleet.clock.pass(15_000);
  await mac.report({ kind: "phase", ...ref, phase: "ready", ip: "192.168.64.2" });
  const second = await fleet.create();
  const error = { code: "start_failed" as const, message: "no", facts: {} };
  await mac.report({ kind: "failed", vmId: second, attempt: 1, phase: "pulling", error });
  await fleet.useCases.endVm(CI, waits, {});
  await mac.report({ kind: "stop_rung", ...ref, rung: "tart_stop", outcome: "done", milliseconds: 3000 });
  await mac.report({ kind: "gone", ...ref });
  const text = await fleet.useCases.metrics();
  const samples = samplesOf(text);
  expect(Object.fromEntries(samples)).toMatchObject({
    'tartfleet_vms_accepted_total{team="default"}': 2,
    'tartfleet_vms_ended_total{team="default",state="deleted",reason="client"}': 1,
    [`tartfleet_vm_attempts_total{${IMAGE},outcome="ready"}`]: 1,
    [`tartfleet_vm_attempts_total{${IMAGE},outcome="start_failed"}`]: 1,
    'tartfleet_queue_wait_seconds_bucket{le="30",team="default"}': 2,
    'tartfleet_queue_wait_seconds_bucket{le="60",team="default"}': 3,
    [`tartfleet_vm_bring_up_seconds_sum{${IMAGE}}`]: 15,
    [`tartfleet_vm_phase_seconds_count{phase="booting",${IMAGE}}`]: 1,
    'tartfleet_vm_stop_rung_seconds_sum{rung="tart_stop",outcome="done"}': 3,
  });
  for (const id of [waits, second]) expect(text).not.toContain(id);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("the fleet is told as it stands: slots sum, the queue's age, who is silent, cordoned or unwell", async () => {
  const fleet = await startFleet();
  const findings = [{ code: "disk", state: "error" as const, message: "full", cure: null }];
  const mac = await fleet.host("mac-1", { findings, diskFreeGiB: 7 });
  await fleet.host("mac-2", { phantomSlots: 1 });
  await fleet.useCases.cordonHost(CI, "mac-2", { reason: "update" });
  for (let n = 0; n < 4; n += 1) await fleet.create();
  await fleet.clock.pass(20_000);
  await mac.heartbeat();
  await fleet.clock.pass(20_000);
  const samples = samplesOf(await fleet.useCases.metrics());
  const now = Object.fromEntries(samples);
  expect(now).toMatchObject({
    'tartfleet_slots{state="busy"}': 2,
    'tartfleet_slots{state="unreachable"}': 2,
    'tartfleet_vms{state="queued"}': 2,
    'tartfleet_queue_depth{team="default",priority="default"}': 2,
    'tartfleet_queue_oldest_age_seconds{team="default",priority="default"}': 40,
    'tartfleet_hosts{state="open"}': 1,
    'tartfleet_hosts{state="silent"}': 1,
    'tartfleet_host_connected{host="mac-2"}': 0,
    'tartfleet_host_slots_busy{host="mac-1"}': 2,
    'tartfleet_host_slots_phantom{host="mac-2"}': 1,
    'tartfleet_host_disk_free_bytes{host="mac-1"}': 7 * 2 ** 30,
    'tartfleet_host_findings{host="mac-1",state="error"}': 1,
  });
  const slots = [...samples].filter(([name]) => name.startsWith("tartfleet_slots{"));
  expect(slots.reduce((sum, [, value]) => sum + value, 0)).toBe(4);
  // What is no longer so is no longer told.
  await fleet.useCases.removeHost(CI, "mac-2", { force: true });
  expect(await fleet.useCases.metrics()).not.toContain("mac-2");
  fleet.close();
});

test("whoever names ever new images makes no end of labels", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  for (let n = 0; n < 210; n += 1) {
    const id = await fleet.create({ image: `ghcr.io/org/image-${n}:1` });
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "ready" });
    await fleet.useCases.endVm(CI, id, {});
    await mac.report({ kind: "gone", vmId: id, attempt: 1 });
  }
  const samples = samplesOf(await fleet.useCases.metrics());
  const attempts = [...samples].filter(([name]) => name.startsWith("tartfleet_vm_attempts_total{"));
  expect(attempts).toHaveLength(201);
  expect(samples.get('tartfleet_vm_attempts_total{image="other",outcome="ready"}')).toBe(10);
  fleet.close();
});

test("whoever names ever new teams makes no end of labels", async () => {
  const fleet = await startFleet();
  const vm = createVmSchema.parse({ image: "ghcr.io/org/image:1", allowPending: true });
  for (let n = 0; n < 210; n += 1) {
    const of = callerOf({ kind: "token", tokenId: "ci0", role: "ci", name: "ci", team: `team-${n}` });
    await fleet.useCases.createVm(of, vm, undefined);
  }
  await settle();
  const samples = samplesOf(await fleet.useCases.metrics());
  const accepted = [...samples].filter(([name]) => name.startsWith("tartfleet_vms_accepted_total{"));
  expect(accepted).toHaveLength(201);
  expect(samples.get('tartfleet_vms_accepted_total{team="other"}')).toBe(10);
  fleet.close();
});

test("docs/metrics.md tells of every metric, and of no other", async () => {
  const fleet = await startFleet();
  const docs = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const told = [...docs.matchAll(/^\| `(tartfleet_\w+)`/gm)].map(([, name]) => name);
  const ofOthers = ["tartfleet_http_request_seconds", "tartfleet_spans_total"];
  expect(new Set(told)).toEqual(new Set([...namesOf(await fleet.useCases.metrics()), ...ofOthers]));
  fleet.close();
});

test("a pool's hits, misses and idle time are told", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await fleet.pool("xcode");
  await mac.bringUpAll();
  await fleet.clock.pass(24_000);
  const told = async () => Object.fromEntries(samplesOf(await fleet.useCases.metrics()));
  expect(await told()).toMatchObject({
    'tartfleet_pool_idle{pool="xcode"}': 1,
    'tartfleet_pool_idle_seconds_total{pool="xcode"}': 24,
  });
  await fleet.create();
  await fleet.create();
  expect(await told()).toMatchObject({
    'tartfleet_pool_idle{pool="xcode"}': 0,
    'tartfleet_pool_idle_seconds_total{pool="xcode"}': 24,
    'tartfleet_pool_hits_total{pool="xcode"}': 1,
    'tartfleet_pool_misses_total{pool="xcode"}': 0,
  });
  fleet.close();
});

test("images that were there and images that were fetched, and how a VM came to its end", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1", { images: [{ reference: "ghcr.io/org/image:1", sizeGiB: 50 }] });
  const there = await fleet.create();
  const fetched = await fleet.create({ image: "ghcr.io/org/other:1" });
  const pulling = { kind: "phase" as const, vmId: fetched, attempt: 1, phase: "pulling" as const };
  await mac.report({ ...pulling, pullPercent: 10, pullTotalBytes: 25e9 });
  await mac.report({ ...pulling, phase: "cloning" });
  await mac.bringUpAll();
  const guest = callerOf({ kind: "vm" as const, vmId: there, attempt: 1 });
  await fleet.useCases.endVm(guest, there, { phase: "job_hook" });
  await fleet.clock.pass(4000);
  await fleet.useCases.endVm(guest, there, { phase: "runner_exited", rc: 0 });
  await fleet.clock.pass(15_000);
  await mac.report({ kind: "gone", vmId: there, attempt: 1 });
  expect(Object.fromEntries(samplesOf(await fleet.useCases.metrics()))).toMatchObject({
    [`tartfleet_image_cache_hits_total{${IMAGE}}`]: 1,
    'tartfleet_image_cache_misses_total{image="ghcr.io/org/other"}': 1,
    'tartfleet_image_pull_bytes_total{image="ghcr.io/org/other"}': 25e9,
    tartfleet_image_largest_bytes: 50 * 2 ** 30,
    'tartfleet_vm_end_seconds_sum{from="hook",to="exit"}': 4,
    'tartfleet_vm_end_seconds_sum{from="exit",to="gone"}': 15,
  });
  fleet.close();
});

test("what a host removes of attempts that were given up, and of VMs that nobody knows, is counted; ends are not", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  const error = { code: "start_failed" as const, message: "no", facts: {} };
  await mac.report({ kind: "failed", vmId: id, attempt: 1, phase: "booting", error });
  const reclaimed = async () => {
    const samples = samplesOf(await fleet.useCases.metrics());
    const of = (kind: string) => samples.get(`tartfleet_instances_reclaimed_total{kind="${kind}"}`);
    return { givenUp: of("given_up"), unknown: of("unknown") };
  };
  expect(await reclaimed()).toEqual({ givenUp: 0, unknown: 0 });
  await mac.report({ kind: "gone", vmId: id, attempt: 1 });
  await mac.report({ kind: "gone", vmId: "0123456789abcdef", attempt: 1 });
  await fleet.useCases.endVm(CI, id, {});
  await mac.removeAll();
  expect(await reclaimed()).toEqual({ givenUp: 1, unknown: 1 });
  fleet.close();
});
