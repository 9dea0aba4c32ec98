import type { PoolRecord, PoolWindow, SetPoolInput } from "@tartfleet/shared";
import { labelsIn } from "../parts/labels.ts";
import { labelTexts } from "../parts/text.ts";

/** A number as a field has it: empty where none is given. */
type Typed = number | string;

/** A window while it is being written: its key tells it from others that say the same. */
export type DraftWindow = PoolWindow & { key: number };

/** A pool while it is being written. */
export interface Draft {
  image: string;
  os: "macos" | "linux";
  minIdle: Typed;
  max: Typed;
  maxAgeMinutes: Typed;
  cpu: Typed;
  memoryMiB: Typed;
  diskGiB: Typed;
  labels: string[];
  /** None: always. */
  windows: DraftWindow[];
  timeZone: string;
}

/** Of a pool as it is, or of a new one. */
export function draftOf(pool?: PoolRecord): Draft {
  return {
    image: pool?.image ?? "",
    os: pool?.os ?? "macos",
    minIdle: pool?.minIdle ?? 1,
    max: pool?.max ?? "",
    maxAgeMinutes: pool?.maxAgeMinutes ?? 1440,
    cpu: pool?.cpu ?? "",
    memoryMiB: pool?.memoryMiB ?? "",
    diskGiB: pool?.diskGiB ?? "",
    labels: labelTexts(pool?.hostLabels ?? {}),
    windows: (pool?.schedule?.windows ?? []).map((window, key) => ({ ...window, key })),
    timeZone: pool?.schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

/**
 * The pool that a draft describes; undefined while its labels are none. Pure.
 *
 * @param before the pool that is changed: what nobody is asked for stays as it is there
 */
export function poolIn(draft: Draft, before?: PoolRecord): SetPoolInput | undefined {
  const hostLabels = labelsIn(draft.labels);
  if (!hostLabels) return undefined;
  const windows = draft.windows.map(({ key: _key, ...window }) => window);
  return {
    image: draft.image.trim(),
    os: draft.os,
    minIdle: Number(draft.minIdle),
    maxAgeMinutes: Number(draft.maxAgeMinutes),
    hostLabels,
    schedule: windows.length === 0 ? null : { timeZone: draft.timeZone.trim(), windows },
    ...(before && { run: before.run }),
    ...numberIn("max", draft.max),
    ...numberIn("cpu", draft.cpu),
    ...numberIn("memoryMiB", draft.memoryMiB),
    ...numberIn("diskGiB", draft.diskGiB),
  };
}

function numberIn<const K extends string>(key: K, value: Typed): { [key in K]?: number } {
  const found: { [key in K]?: number } = {};
  if (typeof value === "number") found[key] = value;
  return found;
}
