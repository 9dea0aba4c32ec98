import { createVmSchema } from "@tartfleet/shared";
import { Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import { endpointOf } from "../../src/tracing/endpoint.ts";
import { startTracing } from "../../src/tracing/otlp.ts";
import { httpClient } from "../helpers/client.ts";
import { IMAGE, startPlane } from "../helpers/plane.ts";
import { samplesOf } from "../support/exposition.ts";
import { CI, settle, startFleet } from "../support/fleet.ts";
import { queuedVm } from "../support/vms.ts";
import { startCollector, type SentSpan } from "./collector.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;
const START = 1_700_000_000_000;
const ERROR = 2;

const closes: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

async function withCollector() {
  const collector = await startCollector();
  const logged: string[] = [];
  const log = (_facts: object, message: string) => void logged.push(message);
  const tracing = startTracing(`${collector.url}/v1/traces`, {
    log: { info: log, warn: log },
    version: "1.2.3",
  });
  closes.push(tracing.stop, collector.close);
  return { collector, tracing, logged };
}

async function withFleet() {
  const { collector, tracing } = await withCollector();
  const fleet = await startFleet({ tracer: tracing });
  closes.push(fleet.close);
  const create = async (input: object = {}, traceparent?: string) => {
    const parsed = createVmSchema.parse({ image: "ghcr.io/org/image:1", ...input });
    const { vm } = await fleet.useCases.createVm({ ...CI, traceparent }, parsed, undefined);
    await settle();
    return vm.id;
  };
  return { collector, tracing, fleet, create };
}

/** Name, when in seconds since the start, and why it did not end well. */
const told = ({ name, startTimeUnixNano, endTimeUnixNano, status }: SentSpan) => {
  const seconds = (time: number) => (time - START) / 1000;
  const error = status.code === ERROR ? [status.message] : [];
  return [name, seconds(startTimeUnixNano), seconds(endTimeUnixNano), ...error];
};

test("a VM's trace goes from the call to the started runner, a span a phase, below the caller's span", async () => {
  const { collector, tracing, fleet, create } = await withFleet();
  const id = await create({ env: { TOKEN: "s3cr3t" } }, TRACEPARENT);
  await fleet.clock.pass(45_000);
  const mac = await fleet.host("mac-1");
  for (const phase of ["pulling", "cloning", "booting", "provisioning", "ready"] as const) {
    await fleet.clock.pass(10_000);
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase });
  }
  await tracing.flush();
  const whole = collector.spans.find(({ name }) => name === "vm.bring_up");
  expect(whole).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
  expect(collector.spans.map(told).sort(([, a], [, b]) => Number(a) - Number(b))).toEqual([
    ["vm.queued", 0, 45],
    ["vm.bring_up", 0, 95],
    ["vm.assigned", 45, 55],
    ["vm.pulling", 55, 65],
    ["vm.cloning", 65, 75],
    ["vm.booting", 75, 85],
    ["vm.provisioning", 85, 95],
  ]);
  for (const span of collector.spans) {
    expect(span.traceId).toBe(TRACE);
    if (span !== whole) expect(span.parentSpanId).toBe(whole?.spanId);
    expect(span.attributes).toMatchObject({ "tartfleet.vm.id": id, "tartfleet.team": "default" });
  }
  expect(whole?.attributes).toEqual({
    "tartfleet.vm.id": id,
    "tartfleet.vm.attempt": 1,
    "tartfleet.team": "default",
    "tartfleet.image": "ghcr.io/org/image:1",
    "tartfleet.host": "mac-1",
    "tartfleet.outcome": "done",
  });
  expect(collector.resources[0]).toMatchObject({
    "service.name": "tartfleet-control-plane",
    "service.version": "1.2.3",
  });
  expect(collector.bodies.join()).not.toContain("s3cr3t");

  await fleet.clock.pass(60_000);
  await fleet.useCases.endVm(CI, id, {});
  await fleet.clock.pass(5000);
  await mac.removeAll();
  await tracing.flush();
  const later = collector.spans.slice(7);
  expect(later.map(told)).toEqual([
    ["vm.run", 95, 155],
    ["vm.stop", 155, 160],
  ]);
  for (const { parentSpanId } of later) expect(parentSpanId).toBe(whole?.spanId);
});

test("a restart in the middle of a phase loses no span and doubles none", async () => {
  const { collector, tracing, fleet, create } = await withFleet();
  const mac = await fleet.host("mac-1");
  const id = await create({}, TRACEPARENT);
  for (const phase of ["cloning", "booting", "ready"] as const) {
    await fleet.clock.pass(5000);
    await fleet.restart();
    await mac.hello();
    await fleet.clock.pass(5000);
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase });
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase });
  }
  await tracing.flush();
  expect(collector.spans.map(told)).toEqual([
    ["vm.queued", 0, 0],
    ["vm.assigned", 0, 10],
    ["vm.cloning", 10, 20],
    ["vm.booting", 20, 30],
    ["vm.bring_up", 0, 30],
  ]);
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(5);
});

test("what fails is marked with why: a phase, and the whole when there is no other attempt; what a client ends is no error", async () => {
  const { collector, tracing, fleet, create } = await withFleet();
  const mac = await fleet.host("mac-1");
  const failed = await create();
  const error = { code: "start_failed" as const, message: "no", facts: {} };
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await fleet.clock.pass(1000);
    await mac.report({ kind: "failed", vmId: failed, attempt, phase: "booting", error });
    await mac.removeAll();
  }
  const cancelled = await create({ hostLabels: { x: "1" }, allowPending: true });
  await fleet.useCases.endVm(CI, cancelled, {});
  await tracing.flush();
  const of = (id: string) => collector.spans.filter(({ attributes }) => attributes["tartfleet.vm.id"] === id);
  expect(
    of(failed).map(({ name, attributes }) => [
      name,
      attributes["tartfleet.vm.attempt"],
      attributes["error.type"],
    ]),
  ).toEqual([
    ["vm.queued", 1, undefined],
    ["vm.assigned", 1, "start_failed"],
    ["vm.queued", 2, undefined],
    ["vm.assigned", 2, "start_failed"],
    ["vm.queued", 3, undefined],
    ["vm.assigned", 3, "start_failed"],
    ["vm.bring_up", 3, "start_failed"],
    ["vm.stop", 3, undefined],
  ]);
  expect(of(cancelled).map(told)).toEqual([
    ["vm.queued", 3, 3],
    ["vm.bring_up", 3, 3],
  ]);
  expect(of(cancelled)[0]?.attributes).toMatchObject({ "tartfleet.outcome": "client" });
});

test("the caller's context comes with REST and tRPC; a malformed one is as none, and what is not sampled is not sent", async () => {
  const { collector, tracing } = await withCollector();
  const plane = await startPlane({ tracer: tracing });
  closes.push(plane.close);
  const queued = async (traceparent?: string) => {
    const headers: Record<string, string> = traceparent === undefined ? {} : { traceparent };
    const init = { token: plane.tokens.ci, json: { image: IMAGE, allowPending: true }, headers };
    const { body, status } = await plane.call("POST", "/v1/vms", init);
    expect(status).toBe(201);
    return body.id;
  };
  const ended = async (id: string) => {
    await plane.useCases.endVm(CI, id, {});
    await tracing.flush();
    return collector.spans.find(
      ({ name, attributes }) => name === "vm.bring_up" && attributes["tartfleet.vm.id"] === id,
    );
  };
  expect(await ended(await queued(TRACEPARENT))).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
  for (const bad of [
    "",
    "nonsense",
    `00-${"0".repeat(32)}-${CALLER}-01`,
    `ff-${TRACE}-${CALLER}-01`,
    "x".repeat(5000),
  ]) {
    const span = await ended(await queued(bad));
    expect(span?.parentSpanId ?? "").toBe("");
    expect(span?.traceId).not.toBe(TRACE);
  }
  expect(await ended(await queued(`00-${TRACE}-${CALLER}-00`))).toBeUndefined();

  const headers = { traceparent: TRACEPARENT };
  const trpc = httpClient(plane.url, plane.tokens.ci, headers);
  const { id } = (await trpc.vms.create.mutate({ vm: { image: IMAGE, allowPending: true } })).vm;
  expect(await ended(id)).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
});

test("a collector that fails or does not answer holds nothing up; what cannot be sent is counted", async () => {
  const { collector, tracing, logged } = await withCollector();
  const registry = new Registry();
  tracing.measure(registry);
  const counts = async () => {
    const samples = samplesOf(await registry.metrics());
    const of = (outcome: string) => samples.get(`tartfleet_spans_total{outcome="${outcome}"}`);
    return { sent: of("sent"), failed: of("failed"), dropped: of("dropped") };
  };
  const trace = { traceId: TRACE, spanId: CALLER, parentId: null };
  const vm = { id: "0123456789abcdef", team: "default", spec: queuedVm().spec };
  const take = (count: number) => {
    for (let n = 0; n < count; n += 1) {
      const times = { from: n, until: n + 1, attempt: 1, hostId: null, host: null };
      tracing.take(trace, { ...times, name: "booting", outcome: "done", isError: false, vm });
    }
  };
  collector.answer = 400;
  take(10);
  await tracing.flush();
  expect(await counts()).toEqual({ sent: 0, failed: 10, dropped: 0 });
  collector.answer = 200;
  take(5);
  await tracing.flush();
  expect(await counts()).toEqual({ sent: 5, failed: 10, dropped: 0 });
  expect(logged).toEqual(["traces cannot be sent; they are dropped until they can", "traces are sent again"]);
  collector.answer = undefined;
  take(5000);
  expect(await counts()).toEqual({ sent: 5, failed: 10, dropped: 5000 - 4096 });
});

test("without a collector a VM has no trace, and its caller's context is not even read", async () => {
  const fleet = await startFleet();
  closes.push(fleet.close);
  const { vm } = await fleet.useCases.createVm(
    { ...CI, traceparent: TRACEPARENT },
    createVmSchema.parse({ image: "ghcr.io/org/image:1", allowPending: true }),
    undefined,
  );
  expect(JSON.stringify(fleet.useCases.getVm(vm.id))).not.toContain(TRACE);
});

test.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, "http://c:4318/v1/traces"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/otlp/" }, "https://c/otlp/v1/traces"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x" },
    "http://t/x",
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_SDK_DISABLED: "true" }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_TRACES_EXPORTER: "none" }, undefined],
])("where spans go by %o", (env, url) => {
  expect(endpointOf(env)).toBe(url);
});
