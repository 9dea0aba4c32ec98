import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { call, IMAGE } from "../helpers/plane.ts";
import { run, tempFolder } from "../helpers/program.ts";
import { startCollector } from "../tracing/collector.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

it("the program sends traces where OpenTelemetry's variables say, and what is left at its end", async () => {
  const collector = await startCollector();
  const folder = tempFolder();
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", folder.path], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=lab",
  });
  onTestFinished(async () => {
    program.kill("SIGKILL");
    await program.exited;
    folder.remove();
    collector.close();
  });
  const { url, adminTokenFile } = await program.listening();
  const token = readFileSync(String(adminTokenFile), "utf8").trim();
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const json = { image: IMAGE, allowPending: true };
  const { body: vm } = await call(String(url), "POST", "/v1/vms", { token, json, headers });
  await call(String(url), "DELETE", `/v1/vms/${vm.id}`, { token });
  const metrics = await call(String(url), "GET", "/metrics", { token });
  expect(metrics.text).toContain("tartfleet_spans_total{");
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  expect(collector.spans.map(({ name, traceId }) => [name, traceId])).toEqual([
    ["vm.queued", TRACE],
    ["vm.bring_up", TRACE],
  ]);
  expect(collector.resources[0]).toMatchObject({
    "service.name": "tartfleet-control-plane",
    "deployment.environment.name": "lab",
  });
});

it("a collector that is no URL is told of at the start", async () => {
  const folder = tempFolder();
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", folder.path], {
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector",
  });
  expect(await program.exited).toBe(78);
  expect(program.stderr()).toContain("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL");
  folder.remove();
});
