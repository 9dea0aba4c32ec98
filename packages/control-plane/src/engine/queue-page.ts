import type { Explanation, QueuePage } from "@tartfleet/shared";
import type { Parts } from "./parts.ts";

/**
 * Who waits and why. Only the first of each line is explained: those behind it need the same, of the same team and
 * class, so that a queue of thousands costs as much as its different needs.
 *
 * @param team whose; null: everybody's
 */
export function makeQueuePage(
  { store, fleet, records }: Pick<Parts, "store" | "fleet" | "records">,
  explain: (vmId: string) => Explanation,
) {
  return (limit: number, team: string | null): QueuePage => {
    const lines = [...fleet.view.queue.lines()]
      .filter((line) => team === null || line.team === team)
      .flatMap(({ requests }) => (requests[0] ? [{ first: requests[0], alike: requests.length }] : []))
      .sort((a, b) => a.first.since - b.first.since || a.first.seq - b.first.seq);
    return {
      total: lines.reduce((sum, { alike }) => sum + alike, 0),
      lines: lines.length,
      entries: lines.slice(0, limit).flatMap(({ first, alike }) => {
        const vm = store.vm(first.vmId);
        return vm ? [{ vm: records.vmSummary(vm), alike, explanation: explain(vm.id) }] : [];
      }),
    };
  };
}
