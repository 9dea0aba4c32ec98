import type { StepContext } from "../store/apply.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { EngineConfig } from "./config.ts";
import type { KeptView } from "./fleet-view.ts";
import type { Hearing } from "./hearing.ts";
import type { History } from "./history.ts";
import type { Identity } from "./identity.ts";
import type { Leases } from "./leases.ts";
import type { Records } from "./records.ts";
import type { Refusals } from "./refusals.ts";
import type { Sealer } from "./secrets.ts";
import type { FleetStanding } from "./standing.ts";
import type { Tracer } from "./traces.ts";

/** What the use cases work with. */
export interface Parts {
  store: Store;
  changes: Changes;
  leases: Leases;
  hearing: Hearing;
  history: History;
  /** What the scheduler decides by. */
  fleet: KeptView;
  standing: FleetStanding;
  records: Records;
  refusals: Refusals;
  sealer: Sealer;
  clock: Clock;
  config: EngineConfig;
  identity: Identity;
  /** undefined: no traces are sent. */
  tracer: Tracer | undefined;
  /** Random lower-case letters and digits. */
  randomId(length: number): string;
  /** Time and budgets for a step of the lifecycle, as of now. */
  context(): StepContext;
}
