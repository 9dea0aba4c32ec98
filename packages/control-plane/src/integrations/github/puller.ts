import type { IntegrationParts } from "../../engine/integration.ts";
import { every } from "../../engine/stalls.ts";
import type { GithubApi } from "./api.ts";
import type { CiLog } from "../log.ts";
import { messageOf } from "../message-of.ts";

const PULL_MS = 300_000;
/** GitHub keeps deliveries for three days, and sends none of them again by itself. */
const KEPT_MS = 3 * 86_400_000;
/** A delivery that is on its way need not be fetched. */
const FRESH_MS = 60_000;
const MOST_PAGES = 20;

/** Fetches the App's webhook deliveries that did not come: nobody listened, or nothing can reach us at all. */
export function startPuller({
  api,
  store,
  clock,
  log,
  take,
}: Pick<IntegrationParts, "store" | "clock"> & {
  api: GithubApi;
  log: CiLog;
  take(delivery: string, payload: unknown): Promise<void>;
}): { stop(): void } {
  let until = clock.now() - KEPT_MS;
  let isPulling = false;
  let isStopped = false;
  let isFailing = false;

  function tick(): void {
    if (isPulling) return;
    isPulling = true;
    pull()
      .then(() => {
        isFailing = false;
      })
      .catch((error: unknown) => {
        if (isStopped || isFailing) return;
        isFailing = true;
        log.warn({ why: messageOf(error) }, "missed webhooks cannot be fetched");
      })
      .finally(() => {
        isPulling = false;
      });
  }

  async function pull(): Promise<void> {
    const begunAt = clock.now();
    const missed: { id: number; guid: string }[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { deliveries, next } = await api.deliveries(cursor);
      missed.push(
        ...deliveries.filter(
          ({ event, guid, at }) =>
            event === "workflow_job" &&
            at >= until &&
            at < begunAt - FRESH_MS &&
            !store.isGithubDeliveryKnown(guid),
        ),
      );
      if (next === undefined || deliveries.some(({ at }) => at < until)) break;
      cursor = next;
    }
    for (const { id, guid } of missed.toReversed()) await take(guid, await api.payloadOf(id));
    until = begunAt - 2 * FRESH_MS;
  }

  tick();
  const ticking = every(clock, PULL_MS, tick);
  return {
    stop() {
      isStopped = true;
      ticking.stop();
    },
  };
}
