import { TraceFlags } from "@opentelemetry/api";
import { ExportResultCode, parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, RandomIdGenerator, type SpanExporter } from "@opentelemetry/sdk-trace";
import { Counter, type Registry } from "prom-client";
import type { Tracer } from "../engine/traces.ts";
import { readableSpan } from "./spans.ts";

/** So many spans may wait to be sent; those beyond are dropped. */
const MOST_WAITING = 4096;
/** How long the end of the process waits for what is left to be sent. */
const STOP_MS = 2000;

interface TraceLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** Sends spans by OTLP over HTTP, as JSON. */
export interface Tracing extends Tracer {
  /** Shows how many spans were sent, failed and dropped. */
  measure(registry: Registry): void;
  /** Sends what waits; resolves when that is over, well or not. */
  flush(): Promise<void>;
  /** Sends what is left, for two seconds at most. */
  stop(): Promise<void>;
}

/** Headers, timeout, compression, and what the resource is said to be are read from OpenTelemetry's variables by its own code. */
export function startTracing(url: string, { log, version }: { log: TraceLog; version: string }): Tracing {
  const counts = { sent: 0, failed: 0, dropped: 0 };
  let waiting = 0;
  let isFailing = false;
  const ids = new RandomIdGenerator();
  const resource = resourceFromAttributes({
    "service.name": "tartfleet-control-plane",
    "service.version": version,
  }).merge(detectResources({ detectors: [envDetector] }));

  // Without what may stand before the host: a name and a password.
  const { origin } = new URL(url);

  function tell(error: Error | undefined): void {
    if (isFailing === (error !== undefined)) return;
    isFailing = error !== undefined;
    if (error)
      log.warn(
        { collector: origin, why: error.message },
        "traces cannot be sent; they are dropped until they can",
      );
    else log.info({ collector: origin }, "traces are sent again");
  }

  const exporter = counting(new OTLPTraceExporter({ url }), (spans, error) => {
    waiting -= spans;
    counts[error ? "failed" : "sent"] += spans;
    tell(error);
  });
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MOST_WAITING,
    scheduledDelayMillis: 1000,
  });

  return {
    begin(traceparent) {
      const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
      if (parent && (parent.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
      return {
        traceId: parent?.traceId ?? ids.generateTraceId(),
        spanId: ids.generateSpanId(),
        parentId: parent?.spanId ?? null,
      };
    },
    take(trace, span) {
      if (waiting >= MOST_WAITING) {
        counts.dropped += 1;
        return;
      }
      waiting += 1;
      processor.onEnd(readableSpan(trace, span, { resource, version }));
    },
    measure(registry) {
      const spans = new Counter({
        name: "tartfleet_spans_total",
        help: "Spans of traces: sent, failed to be sent, dropped because too many waited",
        labelNames: ["outcome"],
        registers: [registry],
        collect() {
          spans.reset();
          for (const [outcome, count] of Object.entries(counts)) spans.inc({ outcome }, count);
        },
      });
    },
    flush: () => processor.forceFlush().catch(() => {}),
    async stop() {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, STOP_MS);
      await Promise.race([processor.shutdown().catch(() => {}), over]);
      clearTimeout(timer);
    },
  };
}

/** An exporter that tells how each of its batches went. */
function counting(
  exporter: SpanExporter,
  told: (spans: number, error: Error | undefined) => void,
): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isSent = result.code === ExportResultCode.SUCCESS;
        told(spans.length, isSent ? undefined : (result.error ?? new Error("no reason was given")));
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
