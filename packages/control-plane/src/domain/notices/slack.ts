import { END_REASONS, NOTICE_TYPES } from "@tartfleet/shared";
import type { ActData, HostData, NoticeBody, VmData } from "./notice.ts";

/** Slack's limits of a section's text and of a field (api.slack.com/reference/block-kit/blocks). */
const MOST_TEXT = 3000;
const MOST_FIELD = 2000;

type Mrkdwn = { type: "mrkdwn"; text: string };

/** What Slack's incoming webhooks take; `text` is what a notification shows. */
export interface SlackMessage {
  text: string;
  blocks: ({ type: "section"; text: Mrkdwn; fields?: Mrkdwn[] } | { type: "context"; elements: Mrkdwn[] })[];
}

interface Told {
  /** What a person wants to know, by its name. */
  facts: [name: string, value: string | null][];
  why: string | null;
  /** What to do. */
  next: string | null;
}

/** A notice for people: what happened to what, where, why, and what to do. */
export function slackOf(body: NoticeBody): SlackMessage {
  const { title, told } = tell(body);
  const fields = told.facts.flatMap(([name, value]) =>
    value === null ? [] : [mrkdwn(`*${name}*\n${escaped(value)}`, MOST_FIELD)],
  );
  const why = told.why === null ? "" : `\n${escaped(told.why)}`;
  return {
    text: escaped(title).slice(0, MOST_TEXT),
    blocks: [
      {
        type: "section",
        text: mrkdwn(`${icon(body.type)} *${escaped(title)}*${why}`, MOST_TEXT),
        ...(fields.length > 0 ? { fields } : {}),
      },
      ...(told.next === null
        ? []
        : [{ type: "section" as const, text: mrkdwn(escaped(told.next), MOST_TEXT) }]),
      { type: "context", elements: [mrkdwn(`${escaped(body.fleet)} · ${body.timestamp}`, MOST_FIELD)] },
    ],
  };
}

function tell({ type, data }: NoticeBody): { title: string; told: Told } {
  if (type === "ping" || "webhook" in data) {
    const name = "webhook" in data ? data.webhook : "";
    const title = `tartfleet can reach this channel (webhook ${name})`;
    return { title, told: { facts: [], why: null, next: null } };
  }
  const what = NOTICE_TYPES[type];
  if ("vm" in data) return { title: `${what}: ${data.vm.name}`, told: ofVm(type, data) };
  const name = data.act.subject.replace(/^\w+ /, "");
  return { title: `${what}: ${name}`, told: "host" in data ? ofHost(type, name, data) : ofAct(data) };
}

function ofVm(type: string, { vm, event }: VmData): Told {
  const { end } = vm;
  const isEnd = type === "vm.failed" || type === "vm.ended";
  const isWaiting = type === "vm.accepted";
  return {
    facts: [
      ["VM", vm.id],
      ["Team", vm.team === "" ? null : vm.team],
      ["Host", vm.host],
      ["Image", vm.image],
      ["Job", vm.jobId],
      ["Reason", isEnd ? (end?.reason ?? null) : null],
    ],
    why: isEnd && end ? (end.error?.message ?? (end.message || END_REASONS[end.reason].text)) : event.message,
    next: isWaiting
      ? `Why it waits: \`tartfleet vm explain ${vm.id}\``
      : isEnd || type === "vm.attempt_failed"
        ? `What it went through: \`tartfleet vm events ${vm.id}\``
        : null,
  };
}

const NEXT_OF_HOST: Readonly<Record<string, string>> = {
  "host.silent": "Its VMs go on and keep their slots. Look whether the Mac is on and its agent runs",
  "host.drain_overdue": "See what is left on it",
  "host.breaker_opened": "It is tried again by itself. See what failed on it, and its doctor's findings",
};

function ofHost(type: string, name: string, { host, act }: HostData): Told {
  const { reason, why } = act.details;
  const next = NEXT_OF_HOST[type];
  return {
    facts: [
      ["Host", name],
      ["By", act.actor],
      ["VMs on it", host && host.vms > 0 ? String(host.vms) : null],
    ],
    why: textOf(reason) ?? textOf(why),
    next: next === undefined ? null : `${next}: \`tartfleet host get ${name}\``,
  };
}

function ofAct({ act }: ActData): Told {
  const { image, why } = act.details;
  return {
    facts: [
      ["By", act.actor],
      ["Image", textOf(image)],
    ],
    why: textOf(why),
    next: null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function icon(type: NoticeBody["type"]): string {
  if (/failed|silent|overdue|breaker_opened|rolled_back/.test(type)) return ":red_circle:";
  if (/cordoned$|removed|announced/.test(type) && type !== "host.uncordoned") return ":large_yellow_circle:";
  return ":large_green_circle:";
}

/** Slack's three characters (docs.slack.dev/messaging/formatting-message-text): with `<` a text could mention everybody. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function mrkdwn(text: string, most: number): Mrkdwn {
  return { type: "mrkdwn", text: text.length <= most ? text : `${text.slice(0, most - 1)}…` };
}
