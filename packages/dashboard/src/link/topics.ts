import type { QueryClient } from "@tanstack/react-query";
import type { Topic } from "@tartfleet/shared";

/** Which of the control plane's queries tell something else after a change, by the path of their procedures. */
export const QUERIES_OF: Readonly<Record<Topic, readonly string[]>> = {
  vms: ["vms", "fleet.queue", "hosts.get", "fleet.capacity", "fleet.attempts", "teams", "pools"],
  queue: ["fleet.queue", "vms.explain", "fleet.capacity", "teams"],
  hosts: ["hosts", "fleet.capacity"],
  images: ["images"],
  channels: ["channels"],
  pools: ["pools"],
  teams: ["teams"],
  tokens: ["tokens"],
  audit: ["audit"],
  webhooks: ["webhooks"],
  history: ["history", "reports"],
};

/** Asks again for what is on the screen and has changed, and forgets what is not. */
export function staleOf(queries: QueryClient, topics: readonly Topic[]): void {
  const paths = new Set(topics.flatMap((topic) => QUERIES_OF[topic]));
  for (const path of paths) void queries.invalidateQueries({ queryKey: [path.split(".")] });
}
