import { trustFor } from "@tartfleet/tls";
import { readFile } from "node:fs/promises";
import { askSkew } from "../doctor/ask-clock.ts";
import { judgeTart } from "../doctor/tart-version.ts";
import type { Look, Plan } from "./plan.ts";
import { changedSince } from "./show.ts";
import type { InstallOptions } from "./options.ts";
import { LOCAL_NETWORK } from "../doctor/local-network.ts";
import type { Mac } from "./mac.ts";
import { LOCKED } from "./things/keychain.ts";
import type { Choice, Facts } from "./wanted.ts";

/** What an install cannot do, and people should know. */
export async function warnings(
  mac: Mac,
  options: InstallOptions,
  facts: Facts,
  token: string | undefined,
): Promise<string[]> {
  const tart = judgeTart(await mac.ask([options.tart ?? "tart", "--version"]), `${facts.macos}`);
  return [
    ...(tart.state === "ok" ? [] : [`${tart.message}${tart.cure === null ? "" : `\n    $ ${tart.cure}`}`]),
    ...(await unreachable(options, token)),
  ];
}

async function unreachable({ url, caFile }: InstallOptions, token = ""): Promise<string[]> {
  if (url === undefined) return [];
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8").catch(() => undefined);
  const trust = trustFor({ url, token, ca, insecure: true });
  if ("refused" in trust) return [trust.refused];
  const skew = await askSkew(url, trust, new AbortController().signal);
  return "unknown" in skew ? [`${skew.unknown} The agent keeps trying; check --url.`] : [];
}

/** What is left to be done or to wait for once the changes are made. */
export function remarks(plan: Plan, { user, password, ec2 }: Choice, facts: Facts, look: Look): string[] {
  const needsRestart = plan.changes.some(
    ({ thing }) => thing.kind === "default" && thing.path === LOCAL_NETWORK.asRoot,
  );
  const isLocked = look({ kind: "keychain", user: user.name, uid: user.uid }) === LOCKED;
  const lines: [boolean, string][] = [
    [needsRestart, "macOS takes the exemption from Local Network privacy with the next restart."],
    [ec2, "Nothing is started now: EC2 is asked at the next boot, and the agent starts then."],
    [
      !ec2 && !facts.hasSession,
      `${user.name} is not logged in at the screen: the agent starts with the next login.`,
    ],
    [
      password === undefined && facts.autoLogin !== user.name,
      `Nobody logs ${user.name} in after a restart: give --auto-login-password-file, or do it in System Settings, Users & Groups.`,
    ],
    [
      isLocked,
      `The login keychain of ${user.name} is locked, so that nobody can see whether it stays open; install again once ${user.name} is logged in.`,
    ],
  ];
  return [...plan.left.map(changedSince), ...lines.filter(([holds]) => holds).map(([, line]) => line)];
}
