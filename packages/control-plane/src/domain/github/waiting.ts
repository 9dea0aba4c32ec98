/** What the scale set's service counts; see ci-runners §3. */
export interface SetStatistics {
  totalAssignedJobs: number;
  totalRunningJobs: number;
}

/**
 * How many jobs wait for a runner: by our own ledger or by the service's count, whichever is more. A message was seen
 * with an assigned job and a count of 0 (ARC#3420), and messages get lost: each alone would let a job wait for ever.
 */
export function waitingJobs(ofLedger: number, statistics: SetStatistics | undefined): number {
  const counted = statistics ? statistics.totalAssignedJobs - statistics.totalRunningJobs : 0;
  return Math.max(ofLedger, counted, 0);
}
