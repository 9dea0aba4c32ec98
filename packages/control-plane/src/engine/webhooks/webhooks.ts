import type { StoredDelivery } from "../../store/deliveries.ts";
import type { Cursors, StoredWebhook } from "../../store/webhooks.ts";
import { ITSELF, webhookName } from "../acts.ts";
import type { Parts } from "../parts.ts";
import type { Patience } from "../patience.ts";
import { every } from "../stalls.ts";
import { makeGather } from "./gather.ts";
import type { Post } from "./post.ts";
import { makeQueue, type Queue } from "./queue.ts";
import { tell, type Tried } from "./receiver.ts";
import { makeWebhookUseCases } from "./use-cases.ts";

/** What comes together within so long is gathered at once. */
const GATHER_MS = 100;
/** Rows of a log that are looked through in one go. */
const ROWS = 200;
/** So many deliveries of a webhook wait; what comes then stays in the logs until there is room. */
const MOST_PENDING = 1000;
/** Cursors are written down with deliveries, and when so much was passed over without any. */
const LAG = 1000;
/** Of each webhook so many dead deliveries are kept, for so long. */
const MOST_DEAD = 1000;
const DEAD_MS = 30 * 86_400_000;
const TIDY_MS = 3_600_000;

/**
 * Webhooks. What they tell of is made from the events of VMs and the audit log, which are written with what they tell
 * of: each webhook has a cursor in both, and moves it in the same step in which it puts deliveries down. A crash
 * anywhere between loses nothing, and without webhooks nothing is done at all.
 */
export function startWebhooks(
  parts: Pick<Parts, "store" | "changes" | "clock" | "sealer" | "records" | "leases" | "config">,
  patience: Patience,
  post: Post,
) {
  const { store, changes, clock } = parts;
  const gather = makeGather(parts);
  const stopped = new AbortController();
  const held = new Map<number, { webhook: StoredWebhook; cursors: Cursors; queue: Queue }>();
  let gathering: "not" | "now" | "now and again" = "not";
  let cancelGather: (() => void) | undefined;
  let tidying: { stop(): void } | undefined;

  /** Takes a webhook as it has become, or that it is gone. */
  function hold(webhook: StoredWebhook): void {
    const known = held.get(webhook.id);
    const { id, eventsUntil, auditUntil } = webhook;
    // A cursor in memory may be ahead of what is written down, never behind.
    const cursors = {
      eventsUntil: Math.max(eventsUntil, known?.cursors.eventsUntil ?? 0),
      auditUntil: Math.max(auditUntil, known?.cursors.auditUntil ?? 0),
    };
    const queue = known?.queue ?? queueOf(id);
    held.set(id, { webhook, cursors, queue });
    tidying ??= every(clock, TIDY_MS, () =>
      patience.keepTrying(() => store.forgetDead(clock.now() - DEAD_MS, MOST_DEAD)),
    );
    queue.look();
    wake();
  }

  function drop(id: number): void {
    held.get(id)?.queue.stop();
    held.delete(id);
    if (held.size === 0) {
      tidying?.stop();
      tidying = undefined;
    }
  }

  function queueOf(id: number): Queue {
    return makeQueue({ store, clock, patience }, id, {
      present() {
        const webhook = held.get(id)?.webhook;
        return webhook?.enabled ? webhook : undefined;
      },
      send: (webhook, { messageId, body }: StoredDelivery) =>
        tell({ ...parts, post }, webhook, messageId, body, stopped.signal),
      async onTried(tried, isDead) {
        changes.topicChanged("webhooks");
        changes.webhookTried(tried.kind === "delivered" ? "delivered" : isDead ? "dead" : "failed");
        await disableAfter(id, tried);
        // There may be room again for what waits in the logs.
        wake();
      },
    });
  }

  /** A receiver that says that it is gone, or a webhook that nobody can open, is left alone until a person has looked. */
  async function disableAfter(id: number, { kind, message }: Tried): Promise<void> {
    const webhook = held.get(id)?.webhook;
    if (!webhook?.enabled || (kind !== "gone" && kind !== "unreadable")) return;
    const { name } = webhook;
    const why = kind === "gone" ? "its receiver says that it is gone for good (HTTP 410)" : message;
    const act = {
      actor: ITSELF,
      action: "webhook.disabled",
      subject: webhookName(name),
      outcome: "done" as const,
      address: null,
      requestId: null,
      details: { why },
    };
    const change = { enabled: false, disabledReason: why };
    hold(await store.changeWebhook(name, change, act, clock.now()));
  }

  /** Something was written. */
  function wake(): void {
    if (held.size === 0 || stopped.signal.aborted) return;
    if (gathering !== "not") gathering = "now and again";
    else cancelGather ??= clock.after(GATHER_MS, gatherAll);
  }

  function gatherAll(): void {
    cancelGather = undefined;
    gathering = "now";
    patience.keepTrying(async () => {
      for (const id of held.keys()) await gatherFor(id);
      const isAgain = gathering === "now and again";
      gathering = "not";
      if (isAgain) wake();
    });
  }

  async function gatherFor(id: number): Promise<void> {
    for (;;) {
      const known = held.get(id);
      if (!known?.webhook.enabled || stopped.signal.aborted) return;
      const { webhook, cursors: from, queue } = known;
      const news = store.newsAfter(from, ROWS);
      if (news.events.length === 0 && news.acts.length === 0) return;
      const { rows, cursors } = gather(webhook, from, news, clock.now());
      if (rows.length > 0 && store.pendingDeliveries(id) >= MOST_PENDING) return;
      const passed = cursors.eventsUntil - webhook.eventsUntil + (cursors.auditUntil - webhook.auditUntil);
      if (rows.length > 0 || passed >= LAG) {
        await store.addDeliveries(id, cursors, rows);
        Object.assign(webhook, cursors);
      }
      known.cursors = cursors;
      if (rows.length === 0) continue;
      changes.topicChanged("webhooks");
      queue.look();
    }
  }

  for (const webhook of store.webhooks()) hold(webhook);
  const unsubscribes = [changes.onStep(wake), changes.onTopic((topic) => topic === "audit" && wake())];

  return {
    useCases: makeWebhookUseCases(
      { ...parts, post },
      {
        hold,
        drop,
        look: (id: number) => held.get(id)?.queue.look(),
        cursorsOf: (id: number): Partial<Cursors> => held.get(id)?.cursors ?? {},
        stopped: stopped.signal,
      },
    ),
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      cancelGather?.();
      tidying?.stop();
      for (const { queue } of held.values()) queue.stop();
      stopped.abort(new Error("the control plane is stopping"));
    },
  };
}
