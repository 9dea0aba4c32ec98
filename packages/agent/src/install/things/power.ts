import { AgentStop } from "../../process/exit.ts";
import { act, type Mac } from "../mac.ts";
import type { Handle, Thing } from "./thing.ts";

/** The flag of pmset(1) for each source of power, as `pmset -g custom` names it. */
const FLAGS: Readonly<Record<string, string>> = {
  "AC Power": "-c",
  "Battery Power": "-b",
  "UPS Power": "-u",
};

/** A setting of `pmset` for one source of power. */
export function power(thing: Extract<Thing, { kind: "power" }>): Handle {
  const { source, name } = thing;
  const words = (to: string) => ["pmset", FLAGS[source] ?? "-a", name, to] as const;
  return {
    look: async (mac) => (await powerSettings(mac)).get(source)?.get(name) ?? null,
    async put(mac, to) {
      if (to === null) throw new AgentStop("system", `this Mac no longer knows ${name}`);
      await act(mac, words(to));
    },
    show: (from, to) => [
      `${from ?? "(not set)"} → ${to ?? "(not set)"}`,
      ...(to === null ? [] : [`$ ${words(to).join(" ")}`]),
    ],
  };
}

/** By source of power, what this Mac knows: not every model knows every setting. */
export async function powerSettings(mac: Mac): Promise<Map<string, Map<string, string>>> {
  const sources = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of (await act(mac, ["pmset", "-g", "custom"])).split("\n")) {
    const source = /^(\S.*):\s*$/.exec(line)?.[1];
    if (source !== undefined) sources.set(source, (current = new Map()));
    const [, name, value] = /^\s+(\w+)\s+(\d+)\b/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) current.set(name, value);
  }
  return new Map([...sources].filter(([source]) => source in FLAGS));
}
