import type { ImagePlanRecord } from "@tartfleet/shared";
import { countText, progressText } from "../parts/text.ts";

export const KIND_WORDS: Readonly<Record<ImagePlanRecord["kind"], string>> = {
  prepull: "pre-pull",
  pin: "pin",
  channel: "roll-out",
};

/** `3 of 7 hosts have it, 2 fetch it, 2 wait; 31.0 GB of 177.8 GB`, or how it ended. */
export function planText({ outcome, why, progress }: ImagePlanRecord): string {
  if (!progress) return `${outcome ?? "ended"}: ${why ?? ""}`;
  const { hosts, there, pulling, waiting, failed, away, bytes, totalBytes } = progress;
  const parts = [
    `${there} of ${countText(hosts, "host")} ${there === 1 ? "has" : "have"} it`,
    ...(pulling > 0 ? [`${pulling} ${pulling === 1 ? "fetches" : "fetch"} it`] : []),
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? "waits" : "wait"}`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(away > 0 ? [`${away} away`] : []),
  ];
  const moved = progressText(bytes, totalBytes);
  return `${parts.join(", ")}${moved === undefined ? "" : `; ${moved}`}`;
}

/** How far a plan is, of 100: by bytes where they are known, else by hosts. */
export function planPercent({ progress }: ImagePlanRecord): number {
  if (!progress) return 100;
  const { bytes, totalBytes, there, hosts } = progress;
  const [part, whole] = bytes !== null && totalBytes ? [bytes, totalBytes] : [there, hosts];
  return whole === 0 ? 100 : Math.floor((100 * part) / whole);
}
