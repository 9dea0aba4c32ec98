import type { Integrate } from "../engine/integration.ts";
import { compose, type Opened } from "./compose.ts";
import { CiConfigError } from "./config-file.ts";
import type { CiLog } from "./log.ts";

/** Reads a system's file. @throws CiConfigError */
export type OpenSystem = (path: string, log: CiLog) => Opened;

/** CI systems, by the settings that name their files. What one needs is loaded only where it is configured. */
const SYSTEMS = [
  { setting: "azureConfig", load: async () => (await import("./azure/azure.ts")).openAzure },
  { setting: "circleciConfig", load: async () => (await import("./circleci/circleci.ts")).openCircleci },
  { setting: "githubConfig", load: async () => (await import("./github/github.ts")).openGithub },
  { setting: "buildkiteConfig", load: async () => (await import("./buildkite/buildkite.ts")).openBuildkite },
] as const satisfies { setting: string; load: () => Promise<OpenSystem> }[];

type CiSettings = Readonly<Partial<Record<(typeof SYSTEMS)[number]["setting"], string | undefined>>>;

/**
 * @returns undefined where none is configured
 * @throws CiConfigError with the mistakes of all files
 */
export async function openSystems(settings: CiSettings, log: CiLog): Promise<Integrate | undefined> {
  const opened: Opened[] = [];
  const mistakes: string[] = [];
  const fileOf = new Map<string, string>();
  for (const { setting, load } of SYSTEMS) {
    const path = settings[setting];
    if (path === undefined) continue;
    const open = await load();
    try {
      const system = open(path, log);
      for (const { name } of system.definitions) {
        const other = fileOf.get(name);
        if (other !== undefined) mistakes.push(`${path}: ${other} has a runner ${name} already`);
        fileOf.set(name, path);
      }
      opened.push(system);
    } catch (error) {
      if (!(error instanceof CiConfigError)) throw error;
      mistakes.push(...error.mistakes);
    }
  }
  if (mistakes.length > 0) throw new CiConfigError(mistakes);
  return opened.length === 0 ? undefined : compose(opened);
}
