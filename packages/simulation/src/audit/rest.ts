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
  const [tokens] = fleet.site
    .database()
    .db.all<{ n: number }>("select count(*) as n from tokens where kind = 'vm'");
  if (tokens && tokens.n > 0) found.push(`${tokens.n} tokens of ended VMs are still there`);
  return found;
}
