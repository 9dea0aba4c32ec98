/** That a host gets nothing new. Times are milliseconds. */
export interface Cordon {
  /** Who wants it so, as the audit log names them. */
  by: string;
  reason: string;
  since: number;
  /** It ends by itself then. */
  until: number | null;
  /** The host is to become empty. */
  drain: Drain | null;
}

export interface Drain {
  deadlineAt: number;
  /** Past the deadline its VMs are ended; without it they are only told of. */
  endVms: boolean;
  /** The deadline has passed, and what was to be done then is done. */
  isOverdue: boolean;
}

/** What a cordon has come to at a time: `over`, `overdue` for a drain's deadline, or nothing. */
export function dueOf({ until, drain }: Cordon, now: number): "over" | "overdue" | undefined {
  if (until !== null && until <= now) return "over";
  return drain && !drain.isOverdue && drain.deadlineAt <= now ? "overdue" : undefined;
}

/** When something will have to be done about it if nobody does anything; null when nothing will. */
export function nextTimeOf({ until, drain }: Cordon): number | null {
  const times = [until, drain && !drain.isOverdue ? drain.deadlineAt : null].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
