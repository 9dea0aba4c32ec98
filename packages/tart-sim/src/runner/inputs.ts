import { parseOptions, type OptionTable, type ParsedOptions } from "./strict-options.ts";

export interface Inputs {
  flag: (name: string) => boolean;
  value: (name: string) => string | undefined;
}

/**
 * The options of a runner's command, from argv or, failing that, from <PREFIX><NAME> as GitHub's runner and Azure's
 * agent have it. Those variables are taken out of the environment, so that jobs do not see them (ci-runners §2.2).
 */
export function readInputs(argv: readonly string[], table: OptionTable, prefix: string): Inputs {
  const options: ParsedOptions = parseOptions(argv, table);
  const fromEnvironment = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    fromEnvironment.set(`--${name.slice(prefix.length).toLowerCase()}`, value);
    delete process.env[name];
  }
  return {
    flag: (name) => options.flags.has(name) || fromEnvironment.get(name)?.toLowerCase() === "true",
    value: (name) => options.values.get(name) ?? fromEnvironment.get(name),
  };
}
