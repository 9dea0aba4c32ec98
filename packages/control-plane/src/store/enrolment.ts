import { CallError, SLOTS_PER_HOST, type EnrolHost, type Labels } from "@tartfleet/shared";
import { and, eq, isNull } from "drizzle-orm";
import type { Tx } from "./group-commit.ts";
import { hosts, slots, tokens } from "./schema.ts";
import type { NewToken } from "./tokens.ts";

/** A machine that becomes a host, or does so again. */
export interface Enrolment extends EnrolHost {
  /** The enrolment token that is used for it; null when an admin's is, which is not counted. */
  by: string | null;
  credential: Omit<NewToken, "hostId" | "enrolledBy">;
}

/**
 * Makes a host with its two slots, or gives a known one a new credential; the one before stops working. The
 * enrolment token's labels become the host's, and one of its uses is gone, in the same step.
 *
 * @returns the host's id
 * @throws CallError host_identity_conflict when another machine holds the name; enrolment_used_up;
 *   unauthenticated when the token was revoked meanwhile
 */
export function enrolHost(tx: Tx, { name, machineId, by, credential }: Enrolment, now: number): number {
  const known = tx.select().from(hosts).where(eq(hosts.name, name)).get();
  if (known && known.machineId !== machineId) {
    throw new CallError(
      "host_identity_conflict",
      `A host named ${name} is enrolled by another machine. Choose another --name for this one.`,
    );
  }
  const isRepeated = known !== undefined && wasAnswerLost(tx, known.id, by);
  const boundLabels = by === null ? {} : use(tx, by, isRepeated);
  const hostId = known?.id ?? addHost(tx, { name, machineId, createdAt: now });
  tx.update(hosts).set({ boundLabels }).where(eq(hosts.id, hostId)).run();
  endCredentials(tx, hostId, now);
  tx.insert(tokens)
    .values({ ...credential, hostId, enrolledBy: by })
    .run();
  return hostId;
}

/** @returns whether the host had a credential */
export function endCredentials(tx: Tx, hostId: number, now: number): boolean {
  const { changes } = tx
    .update(tokens)
    .set({ revokedAt: now })
    .where(and(eq(tokens.hostId, hostId), isNull(tokens.revokedAt)))
    .run();
  return changes > 0;
}

/** Its agent asks once more because it never had the credential: that is the same enrolment. */
function wasAnswerLost(tx: Tx, hostId: number, by: string | null): boolean {
  const last = tx
    .select({ enrolledBy: tokens.enrolledBy, lastUsedAt: tokens.lastUsedAt })
    .from(tokens)
    .where(and(eq(tokens.hostId, hostId), isNull(tokens.revokedAt)))
    .get();
  return last !== undefined && last.enrolledBy === by && last.lastUsedAt === null;
}

/** @returns the labels that the token binds its hosts to */
function use(tx: Tx, id: string, isRepeated: boolean): Labels {
  const token = tx
    .select()
    .from(tokens)
    .where(and(eq(tokens.id, id), isNull(tokens.revokedAt)))
    .get();
  if (!token) throw new CallError("unauthenticated", "The enrolment token is no longer valid");
  if (!isRepeated) {
    if (token.maxUses !== null && token.uses >= token.maxUses) {
      throw new CallError(
        "enrolment_used_up",
        `The enrolment token has enrolled ${token.maxUses} of ${token.maxUses} hosts. Make a new one (tartfleet token create --role host-enrolment --uses N).`,
      );
    }
    tx.update(tokens)
      .set({ uses: token.uses + 1 })
      .where(eq(tokens.id, id))
      .run();
  }
  return token.hostLabels ?? {};
}

function addHost(tx: Tx, host: typeof hosts.$inferInsert): number {
  const { id } = tx.insert(hosts).values(host).returning().get();
  const rows = Array.from({ length: SLOTS_PER_HOST }, (_, slot) => ({ hostId: id, slot }));
  tx.insert(slots).values(rows).run();
  return id;
}

/** The host's present credential has opened a session. */
export function markCredentialUsed(tx: Tx, hostId: number, now: number): void {
  tx.update(tokens)
    .set({ lastUsedAt: now })
    .where(and(eq(tokens.hostId, hostId), isNull(tokens.revokedAt)))
    .run();
}
