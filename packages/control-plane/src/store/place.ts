import { instanceName, SLOTS_PER_HOST } from "@tartfleet/shared";
import { and, eq, isNotNull, isNull } from "drizzle-orm";
import { step } from "../domain/lifecycle.ts";
import type { Placement } from "../domain/scheduling/decide.ts";
import { deadlineOf, type Vm } from "../domain/vm.ts";
import {
  applyEvent,
  bumpRevision,
  isOfBeforeRestore,
  readVm,
  writeEvent,
  type Applied,
  type StepContext,
} from "./apply.ts";
import { isSqliteError } from "./faults.ts";
import { atomically, type Tx } from "./group-commit.ts";
import { countHit, countMiss } from "./pool-counts.ts";
import { hostRow } from "./host-rows.ts";
import { placeholders, preparedWrite } from "./prepared.ts";
import { attempts, vms, type hosts } from "./schema.ts";
import { rowOfVm } from "./vm-rows.ts";

/** Gives a queued VM its next attempt on a host. */
export function placeVm(tx: Tx, placement: Placement, context: StepContext): Applied {
  const { vmId, hostId, slot } = placement;
  const vm = readVm(tx, vmId);
  const host = hostRow(tx).get({ hostId });
  if (vm?.state !== "queued" || !host) return notQueued(vm);
  if (vm.resolution?.kind === "waiting") return notResolved(vm);
  if (host.removedAt !== null)
    return { outcome: "ignored", vm, reason: "the host was taken out of the fleet" };
  if (slot !== null && isLost(tx, host))
    return { outcome: "ignored", vm, reason: "something else has the slot" };
  const attempt = vm.attempt + 1;
  if (!addAttempt(tx, { vmId, attempt, hostId, slot, createdAt: context.now })) {
    // The view was behind: somebody holds the slot. The VM stays in the queue.
    return { outcome: "ignored", vm, reason: "the slot is taken" };
  }
  bumpRevision(tx, hostId);
  if (attempt === 1) countMiss(tx, context.poolFor?.(vm));
  const applied = applyEvent(tx, vmId, { kind: "placed", attempt, hostId, hostName: host.name }, context);
  return applied.outcome === "applied" ? { ...applied, hosts: [...applied.hosts, hostId] } : applied;
}

/**
 * Gives a queued VM the instance and the slot of one that is kept warm, whose record ends with that. One that is not
 * standing by any more leaves the VM in the queue.
 */
export function takeOver(
  tx: Tx,
  { vmId, hostId, takes }: Placement & { takes: string },
  context: StepContext,
): Applied[] {
  const vm = readVm(tx, vmId);
  const host = hostRow(tx).get({ hostId });
  if (vm?.state !== "queued" || !host) return [notQueued(vm)];
  if (vm.resolution?.kind === "waiting") return [notResolved(vm)];
  const warm = readVm(tx, takes);
  const held = tx
    .select({ slot: attempts.slot })
    .from(attempts)
    .where(and(eq(attempts.vmId, takes), eq(attempts.hostId, hostId), isNull(attempts.goneAt)))
    .get();
  const pool = warm?.spec.pool;
  if (!warm || pool === undefined || !held || host.cordon !== null || isOfBeforeRestore(tx, warm))
    return [notStandingBy(vm)];
  const given = applyEvent(tx, takes, { kind: "handed_over", vmId }, context);
  if (given.outcome === "ignored") return [notStandingBy(vm)];
  const attempt = vm.attempt + 1;
  const instance = instanceName(takes, warm.attempt);
  const row = { vmId, attempt, hostId, slot: held.slot, instance, createdAt: context.now };
  if (!addAttempt(tx, row)) throw new Error(`the slot of ${instance}, which was free, is taken`);
  countHit(tx, pool);
  const { ip, imageDigest } = warm;
  const placed = { kind: "placed", attempt, hostId, hostName: host.name } as const;
  const taken = applyEvent(tx, vmId, { ...placed, warm: { ip, imageDigest, instance, pool } }, context);
  return [given, taken.outcome === "applied" ? { ...taken, hosts: [...taken.hosts, hostId] } : taken];
}

/** Accepts and places a VM that is to be kept warm, in one step: it waits for nothing. */
export function startWarm(
  tx: Tx,
  vm: Vm,
  { hostId, slot }: Pick<Placement, "hostId" | "slot">,
  context: StepContext,
): Applied {
  const host = hostRow(tx).get({ hostId });
  const isClosed = !host || host.removedAt !== null || host.cordon !== null;
  if (isClosed || (slot !== null && isLost(tx, host)))
    return { outcome: "ignored", vm: null, reason: "the host takes none" };
  const placed = step(vm, { kind: "placed", attempt: 1, hostId, hostName: host.name }, context);
  if (placed.outcome === "ignored" || placed.entry === null)
    throw new Error(`the warm VM ${vm.id} could not be placed`);
  const { entry } = placed;
  try {
    return atomically(tx, () => {
      const { id, name, team, spec } = vm;
      tx.insert(vms)
        .values({
          id,
          name,
          team,
          spec,
          createdBy: `pool ${spec.pool}`,
          ...rowOfVm(placed.vm),
          deadlineAt: deadlineOf(placed.vm),
        })
        .run();
      insertAttempt(tx)({ vmId: id, attempt: 1, hostId, slot, instance: null, createdAt: context.now });
      bumpRevision(tx, hostId);
      const event = writeEvent(tx, placed.vm, entry, context.now);
      return {
        outcome: "applied" as const,
        vm: placed.vm,
        event,
        phase: null,
        spent: null,
        hosts: [hostId],
        roomChanged: false,
      };
    });
  } catch (error) {
    if (isSqliteError(error, "SQLITE_CONSTRAINT"))
      return { outcome: "ignored", vm: null, reason: "the slot is taken" };
    throw error;
  }
}

const insertAttempt = preparedWrite((db) =>
  db.insert(attempts).values({
    ...placeholders(["vmId", "attempt", "hostId", "slot", "instance", "createdAt"]),
    want: "running",
  }),
);

interface NewAttempt {
  vmId: string;
  attempt: number;
  hostId: number;
  slot: number | null;
  instance?: string;
  createdAt: number;
}

/** @returns false when the slot is held: of a statement that fails nothing is left */
function addAttempt(tx: Tx, row: NewAttempt): boolean {
  try {
    insertAttempt(tx)({ instance: null, ...row });
    return true;
  } catch (error) {
    if (isSqliteError(error, "SQLITE_CONSTRAINT")) return false;
    throw error;
  }
}

/** The host may have told of a phantom since it was decided, while the store took nothing. */
function isLost(tx: Tx, { id, phantoms }: typeof hosts.$inferSelect): boolean {
  if (phantoms === 0) return false;
  const held = tx
    .select({ slot: attempts.slot })
    .from(attempts)
    .where(and(eq(attempts.hostId, id), isNull(attempts.goneAt), isNotNull(attempts.slot)))
    .all();
  return held.length + phantoms >= SLOTS_PER_HOST;
}

const notQueued = (vm: Vm | undefined): Applied => ({
  outcome: "ignored",
  vm: vm ?? null,
  reason: "it is no longer queued",
});

const notResolved = (vm: Vm): Applied => ({
  outcome: "ignored",
  vm,
  reason: "its image's tag is not resolved yet",
});

const notStandingBy = (vm: Vm): Applied => ({
  outcome: "ignored",
  vm,
  reason: "the warm VM does not stand by any more",
});
