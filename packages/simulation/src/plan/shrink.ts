import type { Plan, PlannedAction } from "./plan.ts";

/**
 * Drops actions from a plan for as long as it still fails (delta debugging): halves first, then ever smaller
 * parts.
 *
 * @param fails whether a plan still shows the same failure
 * @param budget how often it may be asked
 */
export async function shrink(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  budget: number,
): Promise<Plan> {
  let present = plan.actions;
  let asked = 0;
  for (let size = Math.ceil(present.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < present.length && asked < budget;) {
      const fewer: PlannedAction[] = [...present.slice(0, from), ...present.slice(from + size)];
      asked += 1;
      if (await fails({ ...plan, actions: fewer })) present = fewer;
      else from += size;
    }
  }
  return { ...plan, actions: present };
}
