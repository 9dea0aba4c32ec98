import type { Gap } from "../domain/history/gap.ts";
import type { Clock } from "./clock.ts";

/**
 * When hosts, and anything at all, were not heard: what durations are measured by. Kept in memory, one entry a
 * host.
 *
 * @param quietMs a longer silence of a host is a gap
 * @param knownHosts those that were there when this process began
 * @param stoppedAt when the process before is known to have been there last
 */
export function makeHearing(clock: Clock, quietMs: number, knownHosts: readonly number[], stoppedAt: number) {
  const startedAt = clock.now();
  const heardAt = new Map(knownHosts.map((hostId) => [hostId, stoppedAt]));
  const gaps = new Map<number, Gap>();
  let own: Gap | undefined = stoppedAt === 0 ? undefined : { from: stoppedAt, until: startedAt };

  return {
    /** A sign of life. A new session may follow on a connection that was lost unnoticed. */
    heard(hostId: number, isNewSession: boolean): void {
      const now = clock.now();
      const before = heardAt.get(hostId);
      if (before !== undefined && (isNewSession || now - before > quietMs)) {
        gaps.set(hostId, { from: before, until: now });
      }
      heardAt.set(hostId, now);
    },
    /** When a host was heard last; what knew it before this process began: when that is known to have been there last. */
    lastHeardAt: (hostId: number): number | undefined => heardAt.get(hostId),
    /** This process stood still since about then. */
    stalled(from: number): void {
      own = { from, until: clock.now() };
    },
    /** The newest gap in what was heard of a host, which may go on; null: of anything. */
    gapOf(hostId: number | null): Gap | undefined {
      if (hostId === null) return own;
      const before = heardAt.get(hostId);
      const now = clock.now();
      return before !== undefined && now - before > quietMs ? { from: before, until: now } : gaps.get(hostId);
    },
  };
}

export type Hearing = ReturnType<typeof makeHearing>;
