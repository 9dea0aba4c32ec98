import { blackhole } from "./blackhole.ts";
import { drain } from "./drain.ts";
import { fairness } from "./fairness.ts";
import { rollout } from "./rollout.ts";
import type { Scenario } from "./scenario.ts";
import { warm } from "./warm.ts";

/** The scenarios, by the name that `--scenario` takes. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { fairness, blackhole, drain, warm, rollout };
