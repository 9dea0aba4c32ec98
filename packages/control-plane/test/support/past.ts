import type { Phase } from "@tartfleet/shared";
import type { Database } from "../../src/store/database.ts";

/** Phases that the fleet has measured before the test; seconds. */
export function seedPast(
  database: Database,
  durations: Partial<Record<Phase, readonly number[]>>,
  { team = "default", image = "ghcr.io/org/image:1" } = {},
): void {
  const insert = database.db.$client.prepare(
    `insert into phase_times (at, vm_id, attempt, host_id, team, image, phase, duration_ms, outcome, measured)
     values (0, 'past', 1, 1, ?, ?, ?, ?, 'done', 1)`,
  );
  for (const [phase, all] of Object.entries(durations))
    for (const seconds of all) insert.run(team, image, phase, seconds * 1000);
}

/** As many durations, all the same. */
export function always(seconds: number): number[] {
  return Array.from({ length: 20 }, () => seconds);
}
