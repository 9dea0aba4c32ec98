import { CallError } from "@tartfleet/shared";
import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { preparedRead } from "./prepared.ts";
import { tokens } from "./schema.ts";

export type NewToken = typeof tokens.$inferInsert;
export type StoredToken = typeof tokens.$inferSelect;

const FOR_PEOPLE = ["admin", "ci", "viewer", "host-enrolment"] as const;

/** Intents and reads about tokens; only hashes are kept. */
export function makeTokenStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    addToken: (token: NewToken, act: Act): Promise<StoredToken> =>
      commit((tx) => {
        write(act, token.createdAt);
        return tx.insert(tokens).values(token).returning().get();
      }),

    /** @throws CallError token_not_found */
    revokeToken: (id: string, act: Act, now: number): Promise<void> =>
      commit((tx) => {
        const known = tx
          .select({ revokedAt: tokens.revokedAt })
          .from(tokens)
          .where(and(eq(tokens.id, id), inArray(tokens.kind, [...FOR_PEOPLE])))
          .get();
        if (!known) throw tokenNotFound(id);
        if (known.revokedAt !== null) return;
        tx.update(tokens).set({ revokedAt: now }).where(eq(tokens.id, id)).run();
        write(act, now);
      }),

    /**
     * Gives a token a new secret; the one before works until the time, the one before that no more.
     *
     * @throws CallError token_not_found, token_ended
     */
    rotateToken: (
      id: string,
      hash: string,
      previousUntil: number,
      act: Act,
      now: number,
    ): Promise<StoredToken> =>
      commit((tx) => {
        const token = tx
          .select()
          .from(tokens)
          .where(and(eq(tokens.id, id), inArray(tokens.kind, [...FOR_PEOPLE])))
          .get();
        if (!token) throw tokenNotFound(id);
        if (token.revokedAt !== null || (token.expiresAt !== null && token.expiresAt <= now)) {
          throw new CallError(
            "token_ended",
            `Token ${id} was revoked or has expired. Make a new one instead.`,
          );
        }
        write(act, now);
        return tx
          .update(tokens)
          .set({ hash, previousHash: token.hash, previousUntil })
          .where(eq(tokens.id, id))
          .returning()
          .get();
      }),

    touchToken: (id: string, now: number): Promise<void> =>
      commit((tx) => {
        tx.update(tokens).set({ lastUsedAt: now }).where(eq(tokens.id, id)).run();
      }),

    token: (id: string): StoredToken | undefined => tokenRow(db).get({ id }),

    listTokens: (): StoredToken[] =>
      db
        .select()
        .from(tokens)
        .where(inArray(tokens.kind, [...FOR_PEOPLE]))
        .orderBy(desc(tokens.createdAt))
        .all(),

    hasAdmin: (): boolean =>
      db
        .select({ id: tokens.id })
        .from(tokens)
        .where(and(eq(tokens.kind, "admin"), isNull(tokens.revokedAt)))
        .get() !== undefined,
  };
}

const tokenRow = preparedRead((db) =>
  db
    .select()
    .from(tokens)
    .where(eq(tokens.id, sql.placeholder("id"))),
);

function tokenNotFound(id: string): CallError {
  return new CallError("token_not_found", `There is no token with the id ${id}.`);
}
