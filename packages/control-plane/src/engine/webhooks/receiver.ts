import { z } from "zod";
import type { NoticeBody } from "../../domain/notices/notice.ts";
import { retryAfterMs } from "../../domain/notices/back-off.ts";
import { slackOf } from "../../domain/notices/slack.ts";
import type { StoredWebhook } from "../../store/webhooks.ts";
import type { Clock } from "../clock.ts";
import type { Sealer } from "../secrets.ts";
import type { Post } from "./post.ts";
import { signedHeaders } from "./sign.ts";

/** What is sealed of a webhook. */
const targetSchema = z.object({ url: z.string(), secret: z.string(), previousSecret: z.string().nullable() });
export type Target = z.infer<typeof targetSchema>;

/** What became of one try. */
export interface Tried {
  kind: "delivered" | "failed" | "gone" | "unreadable";
  status: number | null;
  /** For people. */
  message: string;
  /** What the receiver asked for, in milliseconds. */
  retryAfterMs: number | undefined;
}

const TIMEOUT_MS = 10_000;
const MOST_MESSAGE = 300;
const GONE = 410;

/** A webhook's blob opens for the webhook of that name alone. */
export const sealedAbout = (name: string): string => `webhook ${name}`;

export function openTarget(
  sealer: Sealer,
  { name, sealed }: Pick<StoredWebhook, "name" | "sealed">,
): Target | undefined {
  try {
    return targetSchema.parse(sealer.open(sealed, sealedAbout(name)));
  } catch {
    return undefined;
  }
}

/** Sends a message to a webhook's receiver, signed, as its template wants it; takes no longer than 10 s. */
export async function tell(
  { sealer, clock, post }: { sealer: Sealer; clock: Clock; post: Post },
  webhook: StoredWebhook,
  messageId: string,
  notice: NoticeBody,
  stopped: AbortSignal,
): Promise<Tried> {
  const target = openTarget(sealer, webhook);
  if (!target)
    return failed(
      "unreadable",
      null,
      "its URL and secret cannot be opened: the key is another one than they were sealed with. Remove the webhook and make it anew",
    );
  const now = clock.now();
  const body = JSON.stringify(webhook.template === "slack" ? slackOf(notice) : notice);
  const isGrace = target.previousSecret !== null && (webhook.previousUntil ?? 0) > now;
  const secrets = isGrace ? [target.secret, target.previousSecret ?? ""] : [target.secret];
  const timeout = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () =>
    timeout.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
  );
  const signal = AbortSignal.any([timeout.signal, stopped]);
  try {
    const answer = await post({
      url: new URL(target.url),
      headers: {
        "content-type": "application/json",
        "user-agent": "tartfleet",
        ...signedHeaders(messageId, now, body, secrets),
      },
      body,
      signal,
    });
    const { status } = answer;
    if (status >= 200 && status < 300)
      return { kind: "delivered", status, message: `HTTP ${status}`, retryAfterMs: undefined };
    const redirect = status >= 300 && status < 400 ? "; redirects are not followed" : "";
    return {
      ...failed(
        status === GONE ? "gone" : "failed",
        status,
        `HTTP ${status}${redirect}${excerpt(answer.text)}`,
      ),
      retryAfterMs: retryAfterMs(answer.retryAfter, clock.now()),
    };
  } catch (error) {
    const why: unknown = signal.aborted ? signal.reason : error;
    return failed("failed", null, why instanceof Error ? why.message : String(why));
  } finally {
    cancel();
  }
}

function failed(kind: Exclude<Tried["kind"], "delivered">, status: number | null, message: string): Tried {
  return { kind, status, message: message.slice(0, MOST_MESSAGE), retryAfterMs: undefined };
}

/** One line that cannot do anything to whoever reads it. */
function excerpt(text: string): string {
  const line = text
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim()
    .toWellFormed();
  return line === "" ? "" : `: ${line}`;
}
