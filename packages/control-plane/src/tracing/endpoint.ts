/**
 * Where to send spans, by OpenTelemetry's own variables; undefined: nowhere, which is the default.
 *
 * @throws TypeError when it is no URL
 */
export function endpointOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const isOff = env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
  const own = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  const common = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (isOff || (!own && !common)) return undefined;
  return own ? new URL(own).href : new URL(`${common?.replace(/\/+$/, "")}/v1/traces`).href;
}
