import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { JobNews } from "../../domain/github/ledger.ts";
import { offerFor, type Offer } from "../../domain/github/match.ts";
import { definitionOfRunner } from "../../domain/github/runner-name.ts";
import type { Clock } from "../../engine/clock.ts";
import type { WebhookCall } from "../../engine/integration.ts";
import type { Store } from "../../store/store.ts";

const STATES = { queued: "waiting", in_progress: "running", completed: "done" } as const;

const eventSchema = z.object({
  action: z.string(),
  workflow_job: z.object({
    id: z.int(),
    run_id: z.int(),
    run_attempt: z.int().optional(),
    name: z.string(),
    labels: z.array(z.string()),
    runner_name: z.string().nullish(),
  }),
  repository: z.object({ full_name: z.string() }),
});

/** Whether GitHub signed the body, as it came over the wire, with the secret. */
export function isSigned(secret: string, body: Buffer, signature: string | undefined): boolean {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(signature ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** What a `workflow_job` event means; undefined when it concerns none of the offers, or nothing that counts. */
export function newsIn(payload: unknown, offers: readonly Offer[]): JobNews | undefined {
  const parsed = eventSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { action, workflow_job: job, repository } = parsed.data;
  const state = Object.entries(STATES).find(([name]) => name === action)?.[1];
  const runnerName = job.runner_name || null;
  // One of our runners may have taken a job that was meant for others. Jobs of scale sets are told of by their queues.
  const taker = definitionOfRunner(runnerName);
  const definition =
    offerFor(offers, { labels: job.labels, repository: repository.full_name })?.name ??
    offers.find(({ name }) => name === taker)?.name;
  if (state === undefined || definition === undefined) return undefined;
  return {
    definition,
    jobId: String(job.id),
    state,
    name: job.name,
    repository: repository.full_name,
    runId: String(job.run_id),
    runAttempt: job.run_attempt === undefined ? null : String(job.run_attempt),
    runnerName,
  };
}

/** Takes GitHub's webhooks: signed ones alone, each once, in whatever order they come. */
export function makeIntake(
  { secret, offers }: { secret: string; offers: readonly Offer[] },
  { store, clock, onNews }: { store: Pick<Store, "learnJobs">; clock: Clock; onNews(): void },
) {
  /** News from GitHub itself: a webhook, or a delivery that was fetched because it had not come. */
  async function take(delivery: string, payload: unknown): Promise<void> {
    const news = newsIn(payload, offers);
    if (await store.learnJobs(news ? [news] : [], clock.now(), delivery)) onNews();
  }

  return {
    take,
    /** @returns false when GitHub did not send it */
    async receive({ headers, body }: WebhookCall): Promise<boolean> {
      if (!isSigned(secret, body, headers["x-hub-signature-256"])) return false;
      const delivery = headers["x-github-delivery"];
      if (headers["x-github-event"] === "workflow_job" && delivery) await take(delivery, parse(body));
      return true;
    },
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
