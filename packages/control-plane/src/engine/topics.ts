import type { Topic } from "@tartfleet/shared";
import { hangBell } from "./bell.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";

const PAUSE_MS = 1000;

/** Tells those who show something when it is to be read again. */
export function makeTopics(changes: Pick<Changes, "onTopic">, clock: Pick<Clock, "after">) {
  return {
    /** What has changed, at most once a second, until the signal aborts. */
    async *watchTopics(signal: AbortSignal): AsyncGenerator<{ topics: Topic[] }, void> {
      const pending = new Set<Topic>();
      let cancel = () => {};
      let isDue = false;
      const bell = hangBell((ring) => {
        const unsubscribe = changes.onTopic((topic) => {
          pending.add(topic);
          if (isDue) return;
          isDue = true;
          cancel = clock.after(PAUSE_MS, ring);
        });
        return () => {
          cancel();
          unsubscribe();
        };
      }, signal);
      try {
        while (await bell.wait()) {
          isDue = false;
          const topics = [...pending];
          pending.clear();
          yield { topics };
        }
      } finally {
        bell.takeDown();
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
