import type { Fleet } from "../fleet/fleet.ts";
import type { View } from "./view.ts";

/** What is not at rest yet, in words; empty when everything is (liveness, L3). */
export function unrest(fleet: Fleet, view: View): string[] {
  const found: string[] = [];
  for (const { id, state } of view.vms.values()) {
    if (state !== "deleted" && state !== "failed") found.push(`VM ${id} is still ${state}`);
  }
  for (const { vmId, attempt, goneAt, want } of view.attempts) {
    if (goneAt === null) found.push(`attempt ${attempt} of VM ${vmId} is not gone (wanted ${want})`);
  }
  for (const { machine, home } of fleet.hosts) {
    for (const name of machine.vms.keys()) found.push(`${name} is still on ${machine.name}`);
    for (const name of home.journal.keys()) found.push(`${name} is still in the journal of ${machine.name}`);
    for (const path of machine.logs.keys()) {
      const name = path.slice(home.path.length + 1);
      if (path.startsWith(`${home.path}/`) && !home.lost.has(name))
        found.push(`the log ${path} is still there`);
    }
  }
  for (const [what, query] of LEFT_IN_DATABASE) {
    const [row] = fleet.site.database().db.all<{ n: number }>(query);
    if (row && row.n > 0) found.push(`${row.n} ${what} of ended VMs are still there`);
  }
  return [...found, ...heldInMemory(fleet)];
}

const LEFT_IN_DATABASE = [
  ["tokens", "select count(*) as n from tokens where kind = 'vm'"],
  ["sealed secrets", "select count(*) as n from vms where secrets is not null"],
] as const;

/**
 * A process at rest waits for its next heartbeat, look, note, lease, minute of history or a cordon's end; each
 * storm that left one more would be a leak.
 */
const TIMERS_AT_REST = 6;

/** What can be counted from outside of what processes hold: timers, subscriptions, connections. */
function heldInMemory({ site, hosts }: Fleet): string[] {
  const found: string[] = [];
  const say = (count: number, expected: number, what: string) => {
    if (count !== expected) found.push(`there are ${count} ${what}, not ${expected}`);
  };
  say(site.serving()?.subscriptions.size ?? 0, hosts.length, "subscriptions to assignments");
  const processes = [site.process()];
  for (const { hostName, lives } of hosts) {
    say(lives.length, 1, `agents on ${hostName}`);
    for (const { process, sockets } of lives) {
      processes.push(process);
      say(sockets.count(), 1, `connections of ${hostName}`);
    }
  }
  for (const process of processes) {
    const timers = process.timers();
    if (timers > TIMERS_AT_REST) found.push(`${process.name} waits for ${timers} timers`);
  }
  return found;
}
