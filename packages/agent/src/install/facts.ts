import { parseInstanceName } from "@tartfleet/shared";
import { majorOf } from "../doctor/judge.ts";
import { AUTO_LOGIN } from "../doctor/session.ts";
import { AgentStop } from "../process/exit.ts";
import { VM_LABEL } from "../installed.ts";
import { act, type Mac } from "./mac.ts";
import { aDefault, valueOf } from "./things/default.ts";
import { powerSettings } from "./things/power.ts";
import type { Facts, User } from "./wanted.ts";

/** Before it tart does not start. */
const OLDEST_MACOS = 13;

/** @throws AgentStop when there is none of that name, or it is root */
export async function userNamed(mac: Mac, name: string): Promise<User> {
  const said = await mac.ask([
    "dscl",
    ".",
    "-read",
    `/Users/${name}`,
    "UniqueID",
    "PrimaryGroupID",
    "NFSHomeDirectory",
  ]);
  const field = (key: string) =>
    said.kind === "exited" && said.code === 0
      ? new RegExp(`^${key}:\\s+(\\S.*)$`, "m").exec(said.stdout)?.[1]
      : undefined;
  const [uid, gid, home] = [field("UniqueID"), field("PrimaryGroupID"), field("NFSHomeDirectory")];
  if (uid === undefined || gid === undefined || home?.startsWith("/") !== true) {
    throw new AgentStop(
      "noUser",
      `there is no user ${name} on this Mac; make one (System Settings, Users & Groups), or give another --user`,
    );
  }
  if (Number(uid) === 0) {
    throw new AgentStop(
      "noUser",
      "macOS VMs do not start for root; give the --user who is logged in at the screen",
    );
  }
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** @throws AgentStop when this is no Mac that can run VMs */
export async function factsOf(mac: Mac, user: User): Promise<Facts> {
  const version = await mac.ask(["sw_vers", "-productVersion"]);
  if (version.kind === "missing") throw new AgentStop("unfit", "this is not a Mac");
  const text = version.kind === "exited" ? version.stdout.trim() : "";
  const macos = majorOf(text);
  if (macos === undefined || macos < OLDEST_MACOS) {
    throw new AgentStop(
      "unfit",
      `macOS ${text} is too old for tart; bring this Mac to ${OLDEST_MACOS} or later`,
    );
  }
  const session = await mac.ask(["launchctl", "print", `gui/${user.uid}`]);
  const autoLogin = valueOf(await aDefault({ kind: "default", ...AUTO_LOGIN }).look(mac));
  const power = await powerSettings(mac);
  return {
    macos,
    hasSession: session.kind === "exited" && session.code === 0,
    autoLogin: typeof autoLogin === "string" ? autoLogin : undefined,
    power: new Map([...power].map(([source, settings]) => [source, new Set(settings.keys())])),
  };
}

/** Whether the disk is open only to who types the password at the screen. */
export async function hasFileVault(mac: Mac): Promise<boolean> {
  return /FileVault is On/i.test(await act(mac, ["fdesetup", "status"]));
}

/** The agent's VMs that run for a user: as jobs of launchd's, or as processes of their own. */
export async function runningVms(mac: Mac, uid: number): Promise<string[]> {
  const [session, processes] = [
    await mac.ask(["launchctl", "print", `gui/${uid}`]),
    await mac.ask(["ps", "-ww", "-U", String(uid), "-o", "command="]),
  ];
  const jobs =
    session.kind === "exited" ? session.stdout.split(/\s+/).filter((word) => word.startsWith(VM_LABEL)) : [];
  const lines = processes.kind === "exited" ? processes.stdout.split("\n") : [];
  const runs = lines.filter((line) => /\btart run /.test(line)).flatMap((line) => line.split(/\s+/));
  const names = [...jobs.map((label) => label.slice(VM_LABEL.length)), ...runs];
  return [...new Set(names)].filter((name) => parseInstanceName(name) !== undefined).sort();
}
