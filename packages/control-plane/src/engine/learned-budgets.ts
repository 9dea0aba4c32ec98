import { budgetFor } from "../domain/budgets.ts";
import type { Budgets, Context } from "../domain/lifecycle.ts";
import type { History } from "./history.ts";

/** How many of an image's newest attempts are looked at for timeouts. */
const LOOKED_AT = 10;

/** Phases whose whole length is their budget; a pull's is about standing still. */
const LEARNED: ReadonlySet<string> = new Set(["cloning", "booting", "provisioning"]);

/** Budgets by request, by what the fleet has learned of an image, or by the settings. */
export function learnBudgets(
  history: Pick<History, "quantile" | "count" | "attempts">,
  budgets: Budgets,
): NonNullable<Context["budgetOf"]> {
  return ({ spec }, phase) => {
    const preset = budgets.phase[phase];
    const asked = spec.budgetsMs?.[phase];
    if (asked !== undefined || !LEARNED.has(phase)) {
      return budgetFor(asked, { count: 0, p99Ms: undefined, timeouts: 0 }, preset);
    }
    const key = { phase, image: spec.image };
    const timeouts = history
      .attempts({ image: spec.image }, LOOKED_AT)
      .filter((attempt) => attempt.phase === phase && attempt.verdict === "phase_timeout").length;
    return budgetFor(
      undefined,
      { count: history.count(key), p99Ms: history.quantile(key, 0.99), timeouts },
      preset,
    );
  };
}
