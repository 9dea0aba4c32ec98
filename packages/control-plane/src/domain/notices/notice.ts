import {
  isTerminal,
  type AuditRecord,
  type NoticeFilter,
  type NoticeType,
  type VmEvent,
  type VmSummary,
} from "@tartfleet/shared";

/** Something that happened to a VM, a host or a channel, and that webhooks may be told of. */
export interface Notice {
  /** The same whenever it is made from the same entry of the same database; without a dot, which signatures join by. */
  id: string;
  type: NoticeType;
  /** As the audit log names it. */
  subject: string;
  /** Of the VM; null where it is about none. */
  team: string | null;
  at: number;
}

/** The body of a delivery, as the template `json` has it. */
export interface NoticeBody {
  type: NoticeType | "ping";
  /** ISO 8601; when it happened. */
  timestamp: string;
  /** The control plane's public URL. */
  fleet: string;
  data: VmData | HostData | ActData | PingData;
}

export interface VmData {
  vm: VmSummary;
  event: VmEvent;
}

/** What somebody, or the control plane by itself, did; without from where. */
export type NoticeAct = Pick<AuditRecord, "seq" | "at" | "actor" | "action" | "subject" | "details">;

export interface ActData {
  act: NoticeAct;
}

export interface HostData extends ActData {
  host: { name: string; connected: boolean; cordoned: string | null; vms: number } | null;
}

interface PingData {
  webhook: string;
}

const OF_EVENTS: Partial<Record<VmEvent["type"], NoticeType>> = {
  accepted: "vm.accepted",
  attempt_failed: "vm.attempt_failed",
  job: "vm.job_started",
  end_announced: "vm.end_announced",
};

/** Notes may come after a VM's end; they do not tell of it. */
const NOTES: ReadonlySet<VmEvent["type"]> = new Set(["evidence", "stop_rung", "job"]);

/** What an event of a VM is told as: none, one, or with a last failed attempt the failure of the VM as well. */
export function typesOfEvent({ type, state }: Pick<VmEvent, "type" | "state">): NoticeType[] {
  const own = OF_EVENTS[type];
  const told = own === undefined ? [] : [own];
  if (isTerminal(state) && !NOTES.has(type)) return [...told, state === "failed" ? "vm.failed" : "vm.ended"];
  if (type !== "state") return told;
  if (state === "assigned") return ["vm.assigned"];
  return state === "ready" ? ["vm.ready"] : [];
}

const OF_ACTS: Readonly<Record<string, NoticeType>> = {
  "host.enrol": "host.enrolled",
  "host.connect": "host.connected",
  "host.returned": "host.connected",
  "host.silent": "host.silent",
  "host.cordon": "host.cordoned",
  "host.drain": "host.cordoned",
  "host.uncordon": "host.uncordoned",
  "host.drain_overdue": "host.drain_overdue",
  "host.breaker_opened": "host.breaker_opened",
  "host.breaker_closed": "host.breaker_closed",
  "host.remove": "host.removed",
  "channel.completed": "channel.completed",
  "channel.rolled_back": "channel.rolled_back",
  "channel.rollback": "channel.rolled_back",
};

/** The acts of the audit log that are told of. */
export const TOLD_ACTS: readonly string[] = Object.keys(OF_ACTS);

export function typeOfAct(action: string): NoticeType | undefined {
  return OF_ACTS[action];
}

/** Whether a webhook with these filters, of this team or of none, is told of a notice. */
export function isWanted(
  { events, team }: { events: readonly NoticeFilter[]; team: string | null },
  notice: Pick<Notice, "type" | "team">,
): boolean {
  if (team !== null && notice.team !== team) return false;
  const [kind] = notice.type.split(".");
  return events.some((filter) => filter === "*" || filter === notice.type || filter === `${kind}.*`);
}

/** The id of a notice, from the database and the entry that it is made from. */
export function noticeId(logId: string, type: NoticeType, entry: number): string {
  return `msg_${logId.replaceAll("-", "")}_${entry}_${type.replace(".", "-")}`;
}
