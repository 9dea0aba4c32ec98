import { Gauge, type Registry } from "prom-client";
import type { Database } from "../../store/database.ts";
import type { Store } from "../../store/store.ts";
import type { Parts } from "../parts.ts";

/**
 * The control plane itself: its version, since when it runs, its disk and what it keeps there, its certificate.
 *
 * @returns what brings the gauges up to date
 */
export function gaugePlane(
  registry: Registry,
  {
    version,
    store,
    reserve,
    identity,
    clock,
  }: { version: string; store: Pick<Store, "kept"> } & Pick<Database, "reserve"> &
    Pick<Parts, "identity" | "clock">,
): () => void {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  gauge("tartfleet_build_info", "Always 1; the control plane's version", ["version"]).set({ version }, 1);
  gauge("tartfleet_start_timestamp_seconds", "Since when the control plane runs; seconds since 1970").set(
    clock.now() / 1000,
  );
  const free = gauge("tartfleet_database_disk_free_bytes", "Free disk where the database is");
  const size = gauge("tartfleet_database_disk_bytes", "The disk that the database is on");
  const isFull = gauge(
    "tartfleet_database_disk_full",
    "1 while no new VM is accepted because that disk is full",
  );
  const bytes = gauge("tartfleet_database_bytes", "The database, with the room in it that is used again");
  const since = gauge(
    "tartfleet_database_kept_since_timestamp_seconds",
    "How far back the database goes, seconds since 1970; 0 when there is nothing",
    ["what"],
  );
  const certificate = gauge(
    "tartfleet_certificate_expiry_timestamp_seconds",
    "When the certificate that is served ends, seconds since 1970; 0 where plain text is served",
  );

  return () => {
    const { freeBytes, totalBytes } = reserve.space();
    free.set(freeBytes);
    size.set(totalBytes);
    isFull.set(reserve.isWhole() ? 0 : 1);
    const kept = store.kept();
    bytes.set(kept.bytes);
    since.set({ what: "vms" }, (kept.vmsSince ?? 0) / 1000);
    since.set({ what: "phases" }, (kept.phasesSince ?? 0) / 1000);
    since.set({ what: "audit" }, (kept.auditSince ?? 0) / 1000);
    certificate.set((identity.certificateEndsAt?.() ?? 0) / 1000);
  };
}
