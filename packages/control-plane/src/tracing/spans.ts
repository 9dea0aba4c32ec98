import { createHash } from "node:crypto";
import { SpanKind, SpanStatusCode, TraceFlags, type SpanContext } from "@opentelemetry/api";
import { millisToHrTime } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { VmTrace } from "../domain/trace.ts";
import type { TracedSpan } from "../engine/traces.ts";

/** A span of ours as OpenTelemetry has it. It is made when it is over: nothing has to be remembered meanwhile. */
export function readableSpan(
  trace: VmTrace,
  span: TracedSpan,
  { resource, version }: { resource: Resource; version: string },
): ReadableSpan {
  const { vm, name, from, until, attempt, host, outcome, isError } = span;
  const isWhole = name === "vm";
  const context = (spanId: string, isRemote = false): SpanContext => ({
    traceId: trace.traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote,
  });
  const own = context(isWhole ? trace.spanId : idOf(trace, span));
  const parent = isWhole ? trace.parentId && context(trace.parentId, true) : context(trace.spanId);
  return {
    name: isWhole ? "vm.bring_up" : `vm.${name}`,
    kind: isWhole ? SpanKind.SERVER : SpanKind.INTERNAL,
    spanContext: () => own,
    ...(parent ? { parentSpanContext: parent } : {}),
    startTime: millisToHrTime(from),
    endTime: millisToHrTime(until),
    duration: millisToHrTime(until - from),
    ended: true,
    status: isError ? { code: SpanStatusCode.ERROR, message: outcome } : { code: SpanStatusCode.UNSET },
    attributes: {
      "tartfleet.vm.id": vm.id,
      "tartfleet.vm.attempt": attempt,
      "tartfleet.team": vm.team,
      "tartfleet.image": vm.spec.image,
      "tartfleet.outcome": outcome,
      ...(host === null ? {} : { "tartfleet.host": host }),
      ...(isError ? { "error.type": outcome } : {}),
    },
    links: [],
    events: [],
    resource,
    instrumentationScope: { name: "tartfleet", version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** The same span has the same id whenever it is told. */
function idOf({ traceId }: VmTrace, { vm, name, attempt, from }: TracedSpan): string {
  return createHash("sha256")
    .update(`${traceId} ${vm.id} ${name} ${attempt} ${from}`)
    .digest("hex")
    .slice(0, 16);
}
