import { DEFAULT_PRIORITY } from "@tartfleet/shared";
import { and, asc, eq, isNull, ne } from "drizzle-orm";
import { needOf, type Need } from "../domain/scheduling/request.ts";
import { NO_TEAM, type Vm } from "../domain/vm.ts";
import type { Db } from "./database.ts";
import { attempts, hosts, vms } from "./schema.ts";

/** What holds room on a host, and how far its VM has come. Times are milliseconds. */
export interface Holding extends Pick<
  Vm,
  "state" | "stateSince" | "readyAt" | "assignedAt" | "expiresAt" | "budgetEndsAt" | "pullPercent"
> {
  hostId: number;
  slot: number | null;
  team: string;
  priority: string;
  need: Need;
}

/** What of a host is said of it by name. */
export interface HostName {
  id: number;
  name: string;
  phantoms: number;
}

/** Reads about the whole fleet as it stands. */
export function makeStandingStore(db: Db) {
  return {
    hostNames: (): HostName[] =>
      db
        .select({ id: hosts.id, name: hosts.name, phantoms: hosts.phantoms })
        .from(hosts)
        .where(isNull(hosts.removedAt))
        .orderBy(asc(hosts.name))
        .all(),

    /** Every attempt whose instance was not seen gone (a former one is being removed), but for warm VMs': theirs is free. */
    holdings: (now: number): Holding[] =>
      db
        .select({
          hostId: attempts.hostId,
          slot: attempts.slot,
          attempt: attempts.attempt,
          present: vms.attempt,
          team: vms.team,
          spec: vms.spec,
          resolution: vms.resolution,
          state: vms.state,
          stateSince: vms.stateSince,
          readyAt: vms.readyAt,
          assignedAt: vms.assignedAt,
          expiresAt: vms.expiresAt,
          budgetEndsAt: vms.budgetEndsAt,
          pullPercent: vms.pullPercent,
        })
        .from(attempts)
        .innerJoin(vms, eq(vms.id, attempts.vmId))
        .where(and(isNull(attempts.goneAt), ne(vms.team, NO_TEAM)))
        .all()
        .map(({ attempt, present, spec, resolution, ...row }) => ({
          ...row,
          ...(attempt === present ? {} : { state: "stopping" as const, stateSince: now }),
          priority: spec.priority ?? DEFAULT_PRIORITY,
          need: needOf({ spec, resolution }),
        })),
  };
}
