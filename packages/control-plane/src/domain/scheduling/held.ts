/** Who holds a slot of a host. */
export interface Holder {
  team: string;
  priority: string;
}

/** Slots that are held, by team and by class: what shares are measured by. Kept host by host. */
export function makeHeld() {
  const holders = new Map<number, readonly Holder[]>();
  const byTeam = new Map<string, number>();
  const byClass = new Map<string, number>();

  function set(hostId: number, now: readonly Holder[]): void {
    for (const { team, priority } of holders.get(hostId) ?? []) {
      count(byTeam, team, -1);
      count(byClass, priority, -1);
    }
    for (const { team, priority } of now) {
      count(byTeam, team, 1);
      count(byClass, priority, 1);
    }
    if (now.length > 0) holders.set(hostId, now);
    else holders.delete(hostId);
  }

  return {
    /** All that hold slots of a host, in place of who was known to. */
    set,
    /** One more holds a slot of a host. */
    add: (hostId: number, { team, priority }: Holder): void =>
      set(hostId, [...(holders.get(hostId) ?? []), { team, priority }]),
    ofTeam: (team: string): number => byTeam.get(team) ?? 0,
    ofClass: (priority: string): number => byClass.get(priority) ?? 0,
  };
}

export type Held = ReturnType<typeof makeHeld>;

function count(counts: Map<string, number>, key: string, change: number): void {
  const sum = (counts.get(key) ?? 0) + change;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
