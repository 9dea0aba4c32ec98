/** What an agent says of itself: its capabilities, by their names. */
export type Capabilities = Readonly<Record<string, string>>;

const DEMAND = /^(?<name>[^\s]+)(?:\s+-(?<operator>equals|gtversion)\s+(?<value>.+))?$/i;

/** What every agent in our VMs says of itself, whatever the definition names. */
export function ownCapabilities(os: "macos" | "linux"): Capabilities {
  return { "Agent.OS": os === "macos" ? "Darwin" : "Linux", "Agent.OSArchitecture": "ARM64" };
}

/**
 * Whether an agent with these capabilities may take a job with these demands: `name`, `name -equals value` and
 * `name -gtVersion version`, names and values without regard to case. Images hold a recent agent, so that any
 * Agent.Version is given; it updates itself where that is not so.
 */
export function satisfies(capabilities: Capabilities, demands: readonly string[]): boolean {
  const given = new Map(Object.entries(capabilities).map(([name, value]) => [name.toLowerCase(), value]));
  return demands.every((demand) => {
    const { name = "", operator, value = "" } = DEMAND.exec(demand.trim())?.groups ?? {};
    if (name.toLowerCase() === "agent.version") return true;
    const own = given.get(name.toLowerCase());
    if (own === undefined) return false;
    if (operator === undefined) return true;
    return operator.toLowerCase() === "equals"
      ? own.toLowerCase() === value.toLowerCase()
      : isNewer(own, value);
  });
}

/** Version by version, as numbers; as much as both have. At least as new is enough, as Azure has it. */
function isNewer(own: string, wanted: string): boolean {
  const [a, b] = [own, wanted].map((version) =>
    version.split(".").map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at += 1) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
