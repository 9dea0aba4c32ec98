import {
  isWanted,
  noticeId,
  typeOfAct,
  typesOfEvent,
  type Notice,
  type NoticeBody,
} from "../../domain/notices/notice.ts";
import type { News, NewDelivery } from "../../store/deliveries.ts";
import type { Cursors, StoredWebhook } from "../../store/webhooks.ts";
import { vmName } from "../acts.ts";
import type { Parts } from "../parts.ts";
import { isoOf } from "../records.ts";

type Told = Notice & Pick<NoticeBody, "data">;

/** Makes what one webhook is to be told from what was written since it was last looked. */
export function makeGather({
  store,
  records,
  leases,
  config,
}: Pick<Parts, "store" | "records" | "leases" | "config">) {
  function ofEvents(events: News["events"]): Told[] {
    return events.flatMap((event) => {
      const types = typesOfEvent(event);
      const vm = types.length === 0 ? undefined : store.vm(event.vmId);
      if (!vm) return [];
      const summary = records.vmSummary(vm);
      return types.map((type) => ({
        id: noticeId(store.logId, type, event.id),
        type,
        subject: vmName(vm.id),
        team: vm.team,
        at: Date.parse(event.at),
        data: { vm: summary, event },
      }));
    });
  }

  function ofActs(acts: News["acts"]): Told[] {
    return acts.flatMap(({ seq, at, actor, action, subject, outcome, details }) => {
      const type = outcome === "done" ? typeOfAct(action) : undefined;
      if (type === undefined) return [];
      const act = { seq, at: isoOf(at), actor, action, subject, details };
      const data = type.startsWith("host.") ? { act, host: hostOf(subject) } : { act };
      return [{ id: noticeId(store.logId, type, seq), type, subject, team: null, at, data }];
    });
  }

  function hostOf(subject: string) {
    const host = store.host(subject.replace(/^host /, ""));
    if (!host) return null;
    return {
      name: host.name,
      connected: leases.isConnected(host.id),
      cordoned: host.cordon?.reason ?? null,
      vms: host.occupants.length,
    };
  }

  /** Deliveries of what the webhook wants of the news, and up to where they were looked through. */
  return (
    webhook: Pick<StoredWebhook, "events" | "team">,
    from: Cursors,
    { events, acts }: News,
    now: number,
  ): { rows: NewDelivery[]; cursors: Cursors } => ({
    rows: [...ofEvents(events), ...ofActs(acts)]
      .filter((notice) => isWanted(webhook, notice))
      .map(({ id, type, subject, at, data }) => ({
        messageId: id,
        type,
        subject,
        at,
        body: { type, timestamp: isoOf(at), fleet: config.publicUrl, data },
        dueAt: now,
      })),
    cursors: {
      eventsUntil: events.at(-1)?.id ?? from.eventsUntil,
      auditUntil: acts.at(-1)?.seq ?? from.auditUntil,
    },
  });
}
