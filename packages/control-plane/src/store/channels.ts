import { eq } from "drizzle-orm";
import type { Channel } from "../domain/channels/channel.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { channels } from "./schema.ts";

/** Intents and reads about channels. */
export function makeChannelStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    /**
     * Changes a channel by what it is in that moment.
     *
     * @param change gives what it becomes; null leaves it as it is
     * @returns what it became
     */
    changeChannel: (
      name: string,
      change: (before: Channel | undefined) => { channel: Channel; act: Act } | null,
      now: number,
    ): Promise<Channel | null> =>
      commit((tx) => {
        const changed = change(tx.select().from(channels).where(eq(channels.name, name)).get()?.state);
        if (!changed) return null;
        const state = changed.channel;
        tx.insert(channels)
          .values({ name, state })
          .onConflictDoUpdate({ target: channels.name, set: { state } })
          .run();
        write(changed.act, now);
        return state;
      }),

    /** @returns whether there was one */
    removeChannel: (name: string, act: Act, now: number): Promise<boolean> =>
      commit((tx) => {
        const removed = tx.delete(channels).where(eq(channels.name, name)).returning().get();
        if (removed) write(act, now);
        return removed !== undefined;
      }),

    channels: (): Map<string, Channel> =>
      new Map(
        db
          .select()
          .from(channels)
          .orderBy(channels.name)
          .all()
          .map(({ name, state }) => [name, state]),
      ),
  };
}
