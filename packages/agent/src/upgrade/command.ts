import { onOff, path, readSettings, seconds } from "@tartfleet/settings";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import type { Call, CommandEnd } from "../command.ts";
import { SETTINGS } from "../config/settings.ts";
import { installedIn, type Installed } from "../installed.ts";
import { AgentStop } from "../process/exit.ts";
import { takeLock } from "../process/lock.ts";
import { findAgentsUser } from "./agents-user.ts";
import { fetchRelease, INCOMING } from "./fetch-release.ts";
import { agentJobOf } from "./launchd.ts";
import { seeAgent } from "./running-agent.ts";
import { sourceOf } from "./source.ts";
import { switchTo } from "./switch.ts";
import { openVersions, type Versions } from "./versions.ts";

const TABLE = z.object({
  source: z
    .string()
    .optional()
    .describe(
      "The new version: a folder, an archive or an https URL of one, with SHA256SUMS and SHA256SUMS.sig beside it",
    ),
  back: onOff.describe("Go back to the version that ran before, without a SOURCE"),
  dataDir: SETTINGS.shape.dataDir.describe(
    "The agent's data folder (default ~/.tartfleet-agent of its user)",
  ),
  waitSeconds: seconds(1, 3600)
    .prefault("90")
    .describe("How long the new version may take to be connected to its control plane (default 90)"),
  settleSeconds: seconds(0, 600)
    .prefault("5")
    .describe("How long it must stay connected to be taken for good (default 5)"),
  root: path.prefault("/").describe("Folder that stands for the host's / (default /)"),
});
type UpgradeSettings = z.output<typeof TABLE>;

/** `tartfleet-agent upgrade`: swaps the agent of an installed host, and sees that the new one runs. VMs go on. */
export async function runUpgrade({ argv, env, version, say }: Call): Promise<CommandEnd> {
  const read = readSettings(
    {
      name: "tartfleet-agent upgrade",
      description:
        "Replaces this host's agent by another version that somebody signed whom it trusts. VMs go on. When the new version does not connect to its control plane, the one before it runs again.",
      version,
      table: TABLE,
      secrets: z.object({}),
      lists: [],
      operands: ["source"],
      switches: ["back"],
      contradictions: ({ source, back }) =>
        (source === undefined) === back ? [] : ["SOURCE: give it or --back, and one of them"],
    },
    argv,
    env,
  );
  if (read.kind !== "settings") return read;
  const { settings } = read;
  if (settings.root === "/" && process.geteuid?.() !== 0) {
    throw new AgentStop(
      "settings",
      "an upgrade changes what root owns; run it as root: sudo tartfleet-agent upgrade …",
    );
  }
  // What it makes is read by the agent's user, whatever umask it was called with.
  process.umask(0o022);
  const installed = installedIn(settings.root);
  const user = await findAgentsUser(installed);
  const versions = await openVersions(installed);
  const lock = await takeLock(dirname(installed.versions));
  if ("heldBy" in lock) {
    throw new AgentStop("alreadyRunning", `another upgrade (pid ${lock.heldBy}) is under way; wait for it`);
  }
  try {
    await removeLeftovers(installed);
    const wanted = settings.back
      ? await versionBefore(versions)
      : await fetchRelease({
          source: await sourceOf(settings.source ?? ""),
          installed,
          versions,
          someone: user,
          platform: `${process.platform}-${process.arch}`,
          say,
        });
    const text = await switchTo(wanted, hostOf(settings, user, versions, { env, say }));
    return { kind: "done", text: `${text}\n`, exitCode: 0 };
  } finally {
    await lock.release();
  }
}

function hostOf(
  { dataDir, waitSeconds, settleSeconds }: UpgradeSettings,
  { home, uid }: { home: string; uid: number },
  versions: Versions,
  { env, say }: Pick<Call, "env" | "say">,
) {
  return {
    versions,
    job: agentJobOf(uid, env),
    seeAgent: () => seeAgent(dataDir ?? join(home, ".tartfleet-agent")),
    clock: systemClock,
    waitMs: waitSeconds * 1000,
    settleMs: settleSeconds * 1000,
    say,
  };
}

async function versionBefore(versions: Versions): Promise<string> {
  const [current, previous] = [await versions.read("current"), await versions.read("previous")];
  if (previous !== undefined && previous !== current && (await versions.names()).includes(previous))
    return previous;
  throw new AgentStop("settings", `there is no version to go back to from ${current ?? "none"}`);
}

async function removeLeftovers(installed: Installed): Promise<void> {
  const folder = dirname(installed.versions);
  for (const name of await readdir(folder)) {
    if (name.startsWith(INCOMING)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
