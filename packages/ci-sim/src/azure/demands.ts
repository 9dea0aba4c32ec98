/** Whether an agent with these capabilities satisfies the demands (learn.microsoft.com, "Specify demands"). */
export function mayTake(capabilities: Readonly<Record<string, string>>, demands: readonly string[]): boolean {
  return demands.every((demand) => {
    const [name = "", operator = "", ...rest] = demand.split(" ");
    const wanted = rest.join(" ").toLowerCase();
    const entry = Object.entries(capabilities).find(([key]) => key.toLowerCase() === name.toLowerCase());
    if (!entry) return false;
    const own = entry[1].toLowerCase();
    if (operator === "") return true;
    if (operator === "-equals") return own === wanted;
    if (operator === "-gtVersion") return own.localeCompare(wanted, "en", { numeric: true }) >= 0;
    throw new Error(`no such operator in a demand: ${operator}`);
  });
}
