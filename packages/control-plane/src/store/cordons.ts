import { CallError } from "@tartfleet/shared";
import { and, eq, isNotNull, isNull } from "drizzle-orm";
import type { Cordon } from "../domain/cordon.ts";
import type { Context } from "../domain/lifecycle.ts";
import { NO_TEAM } from "../domain/vm.ts";
import { applyEvent, type Applied } from "./apply.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import { endCredentials } from "./enrolment.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { hostNamed } from "./hosts.ts";
import { attempts, hosts, vms } from "./schema.ts";

/** An attempt whose instance was not seen gone yet, with its VM's state. */
export interface VmOnHost {
  vmId: string;
  attempt: number;
  /** It is not the VM's present attempt: only its slot is concerned. */
  isFormer: boolean;
  /** A pool keeps it warm: it has no other attempt. */
  isWarm: boolean;
  state: typeof vms.$inferSelect.state;
}

/** Intents and reads about hosts that get nothing new, and those that leave the fleet. */
export function makeCordonStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    /**
     * Cordons a host, or (null) ends that; returns its id.
     *
     * @throws CallError host_not_found
     */
    setCordon: (name: string, cordon: Cordon | null, act: Act, now: number): Promise<number> =>
      commit((tx) => {
        const hostId = hostNamed(tx, name);
        const before = tx.select({ cordon: hosts.cordon }).from(hosts).where(eq(hosts.id, hostId)).get();
        if (cordon === null && !before?.cordon) return hostId;
        tx.update(hosts).set({ cordon }).where(eq(hosts.id, hostId)).run();
        write(act, now);
        return hostId;
      }),

    /** Every host that is cordoned. */
    cordons: (): { hostId: number; name: string; cordon: Cordon }[] =>
      db
        .select({ hostId: hosts.id, name: hosts.name, cordon: hosts.cordon })
        .from(hosts)
        .where(and(isNotNull(hosts.cordon), isNull(hosts.removedAt)))
        .all()
        .flatMap(({ cordon, ...host }) => (cordon ? [{ ...host, cordon }] : [])),

    /** What is on a host. Throws CallError host_not_found. */
    vmsOn: (name: string): VmOnHost[] => vmsOn(db, hostNamed(db, name)),

    /**
     * Takes a host out of the fleet: its credential ends, and what was on it is given up. Its name is free again.
     *
     * @throws CallError host_not_found; host_has_vms unless it is forced
     */
    removeHost: (
      name: string,
      force: boolean,
      act: Act,
      context: Context,
    ): Promise<{ hostId: number; vms: VmOnHost[]; applied: Applied[] }> =>
      commit((tx) => {
        const hostId = hostNamed(tx, name);
        const left = vmsOn(tx, hostId);
        if (left.length > 0 && !force) throw hasVms(name, left);
        const applied = left.map(({ vmId, attempt }) =>
          applyEvent(tx, vmId, { kind: "host_removed", attempt, hostName: name }, context),
        );
        endCredentials(tx, hostId, context.now);
        tx.update(hosts)
          .set({ removedAt: context.now, cordon: null, name: `${name} (removed ${hostId})` })
          .where(eq(hosts.id, hostId))
          .run();
        write(act, context.now);
        return { hostId, vms: left, applied };
      }),
  };
}

function vmsOn(tx: Pick<Tx, "select">, hostId: number): VmOnHost[] {
  return tx
    .select({
      vmId: vms.id,
      attempt: attempts.attempt,
      present: vms.attempt,
      state: vms.state,
      team: vms.team,
    })
    .from(attempts)
    .innerJoin(vms, eq(vms.id, attempts.vmId))
    .where(and(eq(attempts.hostId, hostId), isNull(attempts.goneAt)))
    .all()
    .map(({ present, team, ...row }) => ({
      ...row,
      isFormer: present !== row.attempt,
      isWarm: team === NO_TEAM,
    }));
}

function hasVms(name: string, left: readonly VmOnHost[]): CallError {
  const ids = left.map(({ vmId }) => vmId).join(", ");
  return new CallError(
    "host_has_vms",
    `Host ${name} has ${left.length === 1 ? "a VM" : `${left.length} VMs`}: ${ids}. Drain it first, or force it; a dry run tells what becomes of them.`,
  );
}
