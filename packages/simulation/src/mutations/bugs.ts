import type { AgentParts } from "@tartfleet/agent/src/agent.ts";
import type { Clock } from "@tartfleet/control-plane/src/engine/clock.ts";
import type { EngineConfig } from "@tartfleet/control-plane/src/engine/config.ts";
import type { UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import type { Store } from "@tartfleet/control-plane/src/store/store.ts";

/** The places where a bug can be planted from outside: each takes a part and gives it back, sound or spoilt. */
export interface Bugs {
  config(config: EngineConfig): EngineConfig;
  controlPlaneClock(clock: Clock, life: number): Clock;
  store(store: Store): Store;
  useCases(useCases: UseCases): UseCases;
  /** Of each life of each agent. */
  agent(parts: AgentParts): AgentParts;
  /** Whether a restored database is known as another log, as it must be. */
  restoreMakesNewLog: boolean;
}

/** Nothing is spoilt. */
export const NO_BUGS: Bugs = {
  config: (config) => config,
  controlPlaneClock: (clock) => clock,
  store: (store) => store,
  useCases: (useCases) => useCases,
  agent: (parts) => parts,
  restoreMakesNewLog: true,
};
