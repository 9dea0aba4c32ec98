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
  /** Set when it was the circuit breaker that cordoned it. */
  breaker?: Breaker;
}

export interface Breaker {
  /** How often in a row it opened. */
  trips: number;
  /** When the host is tried again. */
  probeAt: number;
  /** Since when it is; null while it rests. */
  probingSince: number | null;
}

export interface Drain {
  deadlineAt: number;
  /** Past the deadline its VMs are ended; without it they are only told of. */
  endVms: boolean;
  /** The deadline has passed, and what was to be done then is done. */
  isOverdue: boolean;
}

/** What a cordon has come to at a time: `over`, `overdue` for a drain's deadline, `probe` after a rest, or nothing. */
export function dueOf(
  { until, drain, breaker }: Cordon,
  now: number,
): "over" | "overdue" | "probe" | undefined {
  if (until !== null && until <= now) return "over";
  if (breaker && breaker.probingSince === null && breaker.probeAt <= now) return "probe";
  return drain && !drain.isOverdue && drain.deadlineAt <= now ? "overdue" : undefined;
}

/** When something will have to be done about it if nobody does anything; null when nothing will. */
export function nextTimeOf({ until, drain, breaker }: Cordon): number | null {
  const times = [
    until,
    drain && !drain.isOverdue ? drain.deadlineAt : null,
    breaker && breaker.probingSince === null ? breaker.probeAt : null,
  ].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
