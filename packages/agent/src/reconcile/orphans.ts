/**
 * Which instances have been unwanted for long enough to be removed. Only time counts in which a control
 * plane was connected and had sent its set: a partition, however long, removes nothing.
 */
export interface OrphanWatch {
  /** Names the database whose sets are counted; another one starts everything anew. */
  readonly logId: string | null;
  readonly connectedMs: number;
  readonly lastLookAt: number | null;
  /** Since which `connectedMs` an instance is unwanted. */
  readonly since: ReadonlyMap<string, number>;
}

export const NO_ORPHANS: OrphanWatch = { logId: null, connectedMs: 0, lastLookAt: null, since: new Map() };

/** No longer step is believed: the process may have been stopped, or its machine asleep. */
const LONGEST_STEP_MS = 10_000;

/** One look at what is unwanted; `logId` is null while no control plane is connected and has spoken. */
export function watchOrphans(
  watch: OrphanWatch,
  { logId, unwanted, now }: { logId: string | null; unwanted: readonly string[]; now: number },
): OrphanWatch {
  if (logId === null) return { ...watch, lastLookAt: null };
  const known = watch.logId === logId ? watch : NO_ORPHANS;
  const passed = known.lastLookAt === null ? 0 : Math.min(LONGEST_STEP_MS, now - known.lastLookAt);
  const connectedMs = known.connectedMs + passed;
  const since = new Map(unwanted.map((name) => [name, known.since.get(name) ?? connectedMs]));
  return { logId, connectedMs, lastLookAt: now, since };
}

/** True when the instance has been unwanted for the whole grace. */
export function isDue(watch: OrphanWatch, name: string, graceMs: number): boolean {
  const since = watch.since.get(name);
  return since !== undefined && watch.connectedMs - since >= graceMs;
}
