import type { Fault, FaultKind } from "../../src/index.ts";
import type { SimBench } from "../support/sim-bench.ts";

/** What a caller of tart sees of a fault. */
export interface Scene {
  given?: Omit<Fault, "action">;
  scene: (bench: SimBench) => Promise<void>;
}

export type Scenes = Partial<Record<FaultKind, Scene>>;
