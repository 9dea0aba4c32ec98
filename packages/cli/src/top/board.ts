import type { Board, BoardHost, BoardSummary } from "@tartfleet/shared";

/** The fleet as it was last told. */
export interface Fleet {
  summary: BoardSummary;
  /** By name. */
  hosts: readonly BoardHost[];
}

const byName = new Intl.Collator("en", { numeric: true });

/** The fleet after a message: a whole board, or what changed on the one before. */
export function told(before: Fleet | undefined, { whole, summary, hosts, removed }: Board): Fleet {
  const known = new Map(whole ? [] : before?.hosts.map((host) => [host.name, host]));
  for (const name of removed) known.delete(name);
  for (const host of hosts) known.set(host.name, host);
  return { summary, hosts: [...known.values()].sort((a, b) => byName.compare(a.name, b.name)) };
}

/** Hosts of which something has the text: their name, a label, or a VM of theirs with its team, image or state. */
export function matching(hosts: readonly BoardHost[], filter: string): readonly BoardHost[] {
  const wanted = filter.trim().toLowerCase();
  if (wanted === "") return hosts;
  return hosts.filter((host) => textsOf(host).some((text) => text.toLowerCase().includes(wanted)));
}

function textsOf({ name, condition, labels, slots }: BoardHost): string[] {
  return [
    name,
    condition,
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ...slots.flatMap(({ state, vm }) =>
      vm ? [state, vm.id, vm.name, vm.team, vm.image, vm.state] : [state],
    ),
  ];
}
