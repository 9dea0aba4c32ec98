import type { BoardHost } from "@tartfleet/shared";

/** What is the matter with hosts that are asked for. */
export const TROUBLES = ["breaker", "ill", "behind", "unreachable", "cordoned", "draining", "open"] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface HostsFilter {
  name?: string;
  /** `key=value`. */
  label?: string;
  state?: Trouble;
}

export const TROUBLE_WORDS: Readonly<Record<Trouble, string>> = {
  breaker: "closed by the control plane",
  ill: "with errors of the doctor",
  behind: "with an old agent",
  unreachable: "silent",
  cordoned: "cordoned",
  draining: "draining",
  open: "open",
};

function has(host: BoardHost, trouble: Trouble): boolean {
  if (trouble === "breaker") return host.by === "breaker";
  if (trouble === "ill") return host.errors > 0;
  if (trouble === "behind") return host.agentIsBehind;
  return host.condition === trouble;
}

/** Those that are asked for; what somebody should look at comes first. Pure. */
export function hostsFor(
  hosts: readonly BoardHost[],
  { name, label, state }: HostsFilter,
): readonly BoardHost[] {
  const at = label?.indexOf("=") ?? -1;
  return hosts
    .filter(
      (host) =>
        (!name || host.name.includes(name)) &&
        (!state || has(host, state)) &&
        (!label || at < 1 || host.labels[label.slice(0, at)] === label.slice(at + 1)),
    )
    .sort((a, b) => rank(a) - rank(b));
}

const WORST_FIRST: readonly Trouble[] = ["unreachable", "breaker", "ill", "draining", "cordoned", "behind"];

function rank(host: BoardHost): number {
  const worst = WORST_FIRST.findIndex((trouble) => has(host, trouble));
  return worst < 0 ? WORST_FIRST.length : worst;
}
