import { baseUrl, onOff, path, readSettings, type ReadSettings } from "@tartfleet/settings";
import { isAbsolute } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { SECRETS, SETTINGS } from "../config/settings.ts";
import { contradictions } from "../config/contradictions.ts";

const userName = z
  .string({ error: "is needed: whose session at the screen runs the VMs?" })
  .regex(/^[A-Za-z_][\w.-]{0,63}$/, "must be a user name");
const root = path.optional().describe("Folder that stands for the Mac, to try it (default: the Mac itself)");
const dryRun = onOff.describe("Print every change, and make none");

const INSTALL = SETTINGS.extend({
  url: baseUrl()
    .optional()
    .describe("URL of the control plane; may come from the instance's tags with --ec2"),
  enrolmentTokenFile: path
    .optional()
    .describe("File that holds an enrolment token, - for stdin. It is copied for the agent's user alone"),
  user: userName.describe("User who is logged in at the screen, and runs the agent and the VMs"),
  autoLoginPasswordFile: path
    .optional()
    .describe("File that holds that user's password: the user is logged in after every restart from now on"),
  allowedSigners: path
    .optional()
    .describe("File of the keys whose signatures `tartfleet-agent upgrade` takes, as ssh-keygen(1) has it"),
  ec2: onOff.describe(
    "Set up an EC2 Mac, or an image for such: ask EC2 at each boot what this Mac is, start nothing before",
  ),
  bundle: path
    .optional()
    .describe("Unpacked bundle to install (default: the one that this program is part of)"),
  dryRun,
  root,
});

const UNINSTALL = z.object({
  evenWithVms: onOff.describe("Also while VMs of the agent run: they go on, and nobody looks after them"),
  dryRun,
  root,
});

export type InstallOptions = z.output<typeof INSTALL> & z.output<typeof SECRETS>;
export type UninstallOptions = z.output<typeof UNINSTALL>;

type Environment = Readonly<Record<string, string | undefined>>;

const PATHS = {
  "--ca-file": "caFile",
  "--data-dir": "dataDir",
  "--tart-home": "tartHome",
  "--ssh-key": "sshKey",
  "--ssh-password-file": "sshPasswordFile",
} as const;

export function readInstall(
  argv: readonly string[],
  env: Environment,
  version: string,
): ReadSettings<InstallOptions> {
  return readSettings(
    {
      name: "tartfleet-agent install",
      description: `Sets this Mac up as a host, as root: the agent with its settings, launchd's job, and what macOS must be told. Says
what it changes, remembers what was there before, and changes nothing the second time. What is not asked for again goes back to
what it was, but for auto-login, the token and the signers. The agent's settings that are given here are the installed agent's.`,
      version,
      table: INSTALL,
      secrets: SECRETS,
      lists: ["label"],
      switches: ["insecure", "ec2", "dryRun"],
      contradictions(options) {
        const { url, ec2, tart } = options;
        const paths = Object.entries(PATHS).map(([flag, key]) => [flag, options[key]] as const);
        const program = tart?.includes("/") === true ? tart : undefined;
        return [
          ...(url === undefined && !ec2 ? ["--url: is needed: where is the control plane?"] : []),
          ...(url === undefined ? [] : contradictions({ ...options, url })),
          ...[...paths, ["--tart", program] as const]
            .filter(([, path]) => path !== undefined && !isAbsolute(path))
            .map(([flag]) => `${flag}: must be a whole path, for the agent starts elsewhere`),
        ];
      },
    },
    argv,
    env,
  );
}

export function readUninstall(
  argv: readonly string[],
  env: Environment,
  version: string,
): ReadSettings<UninstallOptions> {
  return readSettings(
    {
      name: "tartfleet-agent uninstall",
      description: `Puts this Mac back as it was before the first install, as root: the agent, its data folder and its logs go, settings
of macOS get their old values. The host's record stays: tartfleet host remove NAME.`,
      version,
      table: UNINSTALL,
      secrets: z.object({}),
      lists: [],
      switches: ["evenWithVms", "dryRun"],
      contradictions: () => [],
    },
    argv,
    env,
  );
}

/**
 * Without what this boot's facts say: the installed program brings both its settings files along, and only one is for an
 * install to write.
 *
 * @param agentEnv text of agent.env, as `hostEnv` that of host.env; "" when there is none
 */
export function withoutHostFacts(env: Environment, agentEnv: string, hostEnv: string): Environment {
  const own = parseEnv(agentEnv);
  const facts = Object.entries(parseEnv(hostEnv)).filter(([name, value]) => env[name] === value);
  return { ...env, ...Object.fromEntries(facts.map(([name]) => [name, own[name]])) };
}
