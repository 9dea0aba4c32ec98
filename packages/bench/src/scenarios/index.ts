import type { Scenario } from "../frame/scenario.ts";
import { createCall } from "./create-call.ts";
import { createToTold } from "./create-to-told.ts";

export const SCENARIOS: readonly Scenario[] = [createCall, createToTold];
