import { worstFirst } from "@tartfleet/shared";
import { baseUrl, onOff, readSettings } from "@tartfleet/settings";
import { trustFor, type Trust } from "@tartfleet/tls";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Call, CommandEnd } from "../command.ts";
import { SETTINGS } from "../config/settings.ts";
import { readCredential } from "../process/credential.ts";
import { askSkew } from "./ask-clock.ts";
import type { Skew } from "./clock.ts";
import { examine } from "./examine.ts";
import { thisHost } from "./patient.ts";
import { exitCodeOf, reportText } from "./report.ts";

const TABLE = SETTINGS.pick({ dataDir: true, tart: true, tartHome: true, caFile: true }).extend({
  url: baseUrl()
    .optional()
    .describe("URL of the control plane, with whose clock this host's is compared (default: it is not)"),
  json: onOff.describe('Print {"findings": […]} instead of lines'),
});
type DoctorSettings = z.output<typeof TABLE>;

/** `tartfleet-agent doctor`: looks at this host as its user, beside an agent or without one. */
export async function runDoctor({ argv, env, version }: Call): Promise<CommandEnd> {
  const read = readSettings(
    {
      name: "tartfleet-agent doctor",
      description:
        "Looks at what a Mac needs for its VMs, and says how to cure what is wrong. Exits with 1 when something is an error.",
      version,
      table: TABLE,
      secrets: z.object({}),
      lists: [],
      switches: ["json"],
      contradictions: () => [],
    },
    argv,
    env,
  );
  if (read.kind !== "settings") return read;
  const { settings } = read;
  const { signal } = new AbortController();
  const findings = await examine(
    thisHost(settings, env, (limit) => skewBy(settings, limit)),
    signal,
  );
  const text = settings.json
    ? `${JSON.stringify({ findings: worstFirst(findings) }, null, 2)}\n`
    : reportText(findings);
  return { kind: "done", text, exitCode: exitCodeOf(findings) };
}

/** By the clock of the control plane that the agent's own credential, or else an authority, vouches for. */
async function skewBy(settings: DoctorSettings, signal: AbortSignal): Promise<Skew> {
  const { url, caFile, dataDir = join(homedir(), ".tartfleet-agent") } = settings;
  if (url === undefined) {
    return { unknown: "The clock was not compared with the control plane's, for no --url was given." };
  }
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
  const credential = await readCredential(join(dataDir, "credential.json"));
  const token = credential?.credential.reveal() ?? "";
  // The token is for its pin alone: it is not sent, so that plain text gives nothing away.
  const trust: Trust | { refused: string } = trustFor({ url, token, ca, insecure: true });
  return "refused" in trust ? { unknown: trust.refused } : askSkew(url, trust, signal);
}
