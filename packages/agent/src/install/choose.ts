import { Secret } from "@tartfleet/shared";
import { access, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { text as allOf } from "node:stream/consumers";
import { AgentStop } from "../process/exit.ts";
import { agentEnv } from "./agent-env.ts";
import { bundleOf } from "./bundle-of.ts";
import { userNamed } from "./facts.ts";
import { CURRENT, homeLayout } from "./layout.ts";
import type { Mac } from "./mac.ts";
import { NOBODYS } from "./things/files.ts";
import type { InstallOptions } from "./options.ts";
import type { Choice } from "./wanted.ts";

/**
 * What the options come to, with what is in the files that they name.
 *
 * @param program path of the running program's file
 * @throws AgentStop for what cannot be
 */
export async function choose(
  mac: Mac,
  options: InstallOptions,
  program: string,
): Promise<Choice & { source: string }> {
  const user = await userNamed(mac, options.user);
  const bundle = await bundleOf(options.bundle, program);
  const current = basename(await readlink(mac.at(CURRENT)).catch(() => bundle.version));
  if (current !== bundle.version) {
    throw new AgentStop(
      "otherVersion",
      `version ${current} is installed, and this is ${bundle.version}; sudo tartfleet-agent upgrade changes the version, sudo /usr/local/bin/tartfleet-agent install the settings`,
    );
  }
  if (options.ec2 && !(await isThere(join(bundle.source, "boot/boot.sh")))) {
    throw new AgentStop("settings", "--ec2: this bundle has no boot script; take a released one");
  }
  const dataDir = options.dataDir ?? homeLayout(user.home).data;
  const kept = join(dataDir, "enrolment-token");
  const token = await tokenOf(options, kept);
  const isKept = await isThere(mac.at(kept));
  const text = agentEnv({
    ...options,
    enrolmentTokenFile: token !== undefined || isKept ? kept : undefined,
  });
  if (text === undefined) {
    throw new AgentStop(
      "settings",
      "a setting has a new line, or all kinds of quotes at once, which agent.env cannot hold",
    );
  }
  return {
    user,
    owner: mac.gives ? { uid: user.uid, gid: user.gid } : NOBODYS,
    bundle,
    source: bundle.source,
    agentEnv: text,
    dataDir,
    token,
    password: passwordOf(await fileOf("--auto-login-password-file", options.autoLoginPasswordFile)),
    allowedSigners: await fileOf("--allowed-signers", options.allowedSigners),
    ec2: options.ec2,
  };
}

/** @param kept where an earlier install has put one, which the settings then name */
async function tokenOf(
  { enrolmentTokenFile, enrolmentToken }: InstallOptions,
  kept: string,
): Promise<Secret | undefined> {
  if (enrolmentTokenFile === undefined || enrolmentTokenFile === kept) return enrolmentToken;
  const given =
    enrolmentTokenFile === "-"
      ? await allOf(process.stdin)
      : await fileOf("--enrolment-token-file", enrolmentTokenFile);
  if (given === undefined || !/^[\x21-\x7e]{1,1024}$/.test(given.trim())) {
    throw new AgentStop("settings", "--enrolment-token-file: must hold one printable word");
  }
  return new Secret(given.trim());
}

/** A password may begin or end with a space; the new line after it is the editor's. */
function passwordOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text.replace(/\r?\n$/, ""));
}

async function fileOf(flag: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await readFile(path, "utf8");
    if (text.trim() !== "") return text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentStop("settings", `${flag}: cannot be read (${reason})`);
  }
  throw new AgentStop("settings", `${flag}: ${path} is empty`);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
