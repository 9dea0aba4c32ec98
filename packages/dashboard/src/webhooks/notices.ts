import type { NoticeFilter } from "@tartfleet/shared";

const KNOWN: Readonly<Record<NoticeFilter, true>> = {
  "*": true,
  "vm.*": true,
  "vm.accepted": true,
  "vm.assigned": true,
  "vm.ready": true,
  "vm.job_started": true,
  "vm.end_announced": true,
  "vm.attempt_failed": true,
  "vm.ended": true,
  "vm.failed": true,
  "host.*": true,
  "host.enrolled": true,
  "host.connected": true,
  "host.silent": true,
  "host.cordoned": true,
  "host.uncordoned": true,
  "host.drain_overdue": true,
  "host.breaker_opened": true,
  "host.breaker_closed": true,
  "host.removed": true,
  "channel.*": true,
  "channel.completed": true,
  "channel.rolled_back": true,
};

/** What a webhook can be told of: everything, all of a kind, or one. */
export const NOTICES: NoticeFilter[] = Object.keys(KNOWN).filter((text) => isNotice(text));

function isNotice(text: string): text is NoticeFilter {
  return Object.hasOwn(KNOWN, text);
}
