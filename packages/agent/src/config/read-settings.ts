import { readSettings as read, type ReadSettings } from "@tartfleet/settings";
import { SECRETS, SETTINGS, type Settings } from "./settings.ts";

/** The agent's settings, from its command line and environment. */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): ReadSettings<Settings> {
  return read(
    {
      name: "tartfleet-agent",
      description: "The agent of a tartfleet: runs VMs on this host as its control plane wants.",
      version,
      table: SETTINGS,
      secrets: SECRETS,
      lists: ["label"],
      contradictions: (settings) =>
        settings.enrolmentToken !== undefined && settings.enrolmentTokenFile !== undefined
          ? ["--enrolment-token-file: give it or TARTFLEET_ENROLMENT_TOKEN, not both"]
          : [],
    },
    argv,
    env,
  );
}
