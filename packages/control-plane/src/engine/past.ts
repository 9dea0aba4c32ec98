import {
  BRING_UP_STATES,
  imageParts,
  type AttemptRecord,
  type AttemptsQuery,
  type ImageRecord,
} from "@tartfleet/shared";
import { quantileOf } from "../domain/history/quantiles.ts";
import type { Parts } from "./parts.ts";
import { isoOf } from "./records.ts";

const PHASES = BRING_UP_STATES.filter((state) => state !== "ready");

/** How it went of late, host by host and image by image. */
export function makePast({ store, history, records }: Pick<Parts, "store" | "history" | "records">) {
  return {
    /** How long VMs of the image took to come up. */
    timesOf: (image: string): ImageRecord["times"] =>
      PHASES.flatMap((phase) => {
        const durations = history.durations({ phase, ...aboutImage(image) });
        const seconds = (p: number) => (quantileOf(durations, p) ?? 0) / 1000;
        const count = durations.length;
        return count === 0 ? [] : [{ phase, p50Seconds: seconds(0.5), p95Seconds: seconds(0.95), count }];
      }),

    /**
     * What became of the newest attempts on a host or of an image, newest first.
     *
     * @param team whose VMs are named; null: everybody's
     * @throws CallError host_not_found
     */
    listAttempts({ host, image, limit }: AttemptsQuery, team: string | null): AttemptRecord[] {
      const about = host === undefined ? aboutImage(image ?? "") : { hostId: records.hostIdOf(host) };
      return history.attempts(about, limit).map((kept) => ({
        at: isoOf(kept.at),
        vmId: team === null || kept.team === team ? kept.vmId : null,
        attempt: kept.attempt,
        host: kept.hostId === null ? "" : store.hostName(kept.hostId),
        image: kept.image,
        phase: kept.phase,
        verdict: kept.verdict ?? "",
      }));
    },
  };
}

/** VMs name tags where hosts name digests: what is known by a digest is of every VM that had it. */
function aboutImage(reference: string): { image: string } | { digest: string } {
  const digest = imageParts(reference)?.digest;
  return digest === undefined ? { image: reference } : { digest };
}
