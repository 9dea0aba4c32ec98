import type { Assignment } from "@tartfleet/shared";
import type { Step } from "../reconcile/next-step.ts";
import type { Outcome } from "../reconcile/outcome.ts";
import * as bringUp from "./bring-up.ts";
import * as takeDown from "./take-down.ts";

/** Steps that touch the host. */
export type Act = Exclude<Step, { kind: "rest" | "forget" }>;

/** Carries out one step. Expected failures are part of the outcome. */
export async function execute(step: Act, context: bringUp.StepContext): Promise<Outcome> {
  switch (step.kind) {
    case "pull":
      return await assigned(context, bringUp.pull);
    case "clone":
      return await assigned(context, bringUp.clone);
    case "configure":
      return await assigned(context, bringUp.configure);
    case "run":
      return await assigned(context, bringUp.run);
    case "discard":
      return await bringUp.discard(context);
    case "no_slot":
      return bringUp.noSlot(context);
    case "adopt":
      return bringUp.adopt(context);
    case "reach_guest":
      return await bringUp.reachGuest(context);
    case "provision":
      return await bringUp.provision(context);
    case "lost":
      return takeDown.lost(context);
    case "collect_end":
      return await takeDown.collectEnd(context);
    case "script_result":
      return await takeDown.scriptResult(context);
    case "stop":
      return await takeDown.climb(context, step.rung);
    case "delete":
      return await takeDown.deleteInstance(context);
    default:
      return step satisfies never;
  }
}

/** A step of the way up needs to be told what to make. */
function assigned(
  context: bringUp.StepContext,
  act: (context: bringUp.StepContext, assignment: Assignment) => Promise<Outcome>,
): Promise<Outcome> {
  return context.assignment ? act(context, context.assignment) : Promise.resolve({ kind: "not_now" });
}
