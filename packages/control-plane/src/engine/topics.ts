import type { Topic } from "@tartfleet/shared";
import { makeAudience } from "./audience.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";

const PAUSE_MS = 1000;

/** Topics of which something has changed. */
interface Changed {
  topics: Topic[];
}

/** Tells those who show something when it is to be read again. */
export function makeTopics(changes: Pick<Changes, "onTopic">, clock: Pick<Clock, "after">) {
  const audience = makeAudience<Changed>((older, newer) => ({
    topics: [...new Set([...older.topics, ...newer.topics])],
  }));
  const pending = new Set<Topic>();
  let close = () => {};

  function open(): void {
    let cancel = () => {};
    const unsubscribe = changes.onTopic((topic) => {
      if (pending.size === 0) cancel = clock.after(PAUSE_MS, tell);
      pending.add(topic);
    });
    close = () => {
      cancel();
      unsubscribe();
      pending.clear();
    };
  }

  function tell(): void {
    const topics = [...pending];
    pending.clear();
    audience.tell({ topics });
  }

  return {
    /** What has changed, at most once a second, until the signal aborts. */
    async *watchTopics(signal: AbortSignal): AsyncGenerator<Changed, void> {
      if (audience.isEmpty()) open();
      const seat = audience.sit(signal);
      try {
        for (let news = await seat.next(); news; news = await seat.next()) yield news;
      } finally {
        seat.leave();
        if (audience.isEmpty()) close();
      }
    },
  };
}

const BY_PREFIX: Readonly<Record<string, readonly Topic[]>> = {
  token: ["tokens"],
  team: ["teams"],
  pool: ["pools"],
  channel: ["channels"],
  image: ["images"],
  host: ["hosts"],
  webhook: ["webhooks"],
};

/** What an act in the audit log, like `pool.set`, has changed beside the log. */
export function topicsOf(action: string): Topic[] {
  return ["audit", ...(BY_PREFIX[action.split(".", 1)[0] ?? ""] ?? [])];
}
