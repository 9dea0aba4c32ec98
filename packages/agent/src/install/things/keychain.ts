import { AgentStop } from "../../process/exit.ts";
import { act, type Mac, type Words } from "../mac.ts";
import type { Handle, State, Thing } from "./thing.ts";

type Keychain = Extract<Thing, { kind: "keychain" }>;

/** It is open, and stays so until the Mac is turned off. */
export const STAYS_OPEN = "stays open";
/** What it is set to is kept in it, and cannot be seen while it is locked. */
export const LOCKED = "locked";

const NAME = "login.keychain";

/**
 * The login keychain of a user, without whom no macOS VM starts (tart-contract §6.4). Where there is none, one with an
 * empty password is made, as tart's own questions and answers have it.
 */
export function keychain(thing: Keychain): Handle {
  return {
    async look(mac) {
      const said = await mac.ask(await asUser(mac, thing, ["security", "show-keychain-info", NAME]));
      if (said.kind !== "exited") return LOCKED;
      const text = `${said.stdout}\n${said.stderr}`;
      if (said.code !== 0) return /could not be found/i.test(text) ? null : LOCKED;
      const timeout = /timeout=(\d+)s/.exec(text)?.[1];
      const when = [
        ...(timeout === undefined ? [] : [`after ${timeout} s`]),
        ...(text.includes("lock-on-sleep") ? ["at sleep"] : []),
      ];
      return when.length === 0 ? STAYS_OPEN : `locks itself ${when.join(" and ")}`;
    },
    async put(mac, to, from) {
      for (const words of commands(from, to)) await act(mac, await asUser(mac, thing, words));
    },
    show: (from, to) => [
      `${from ?? "(there is none)"} → ${to ?? "(there is none)"}`,
      ...commands(from, to).map(
        (words) => `$ sudo -u ${thing.user} ${words.map((word) => (word === "" ? "''" : word)).join(" ")}`,
      ),
    ],
  };
}

function commands(from: State, to: State): Words[] {
  if (to === null) return [["security", "delete-keychain", NAME]];
  const make: Words[] =
    from === null
      ? [
          ["security", "create-keychain", "-p", "", NAME],
          ["security", "unlock-keychain", "-p", "", NAME],
          ["security", "login-keychain", "-s", NAME],
        ]
      : [];
  const timeout = /after (\d+) s/.exec(to)?.[1];
  const when = [
    ...(to.includes("at sleep") ? ["-l"] : []),
    ...(timeout === undefined ? [] : ["-u", "-t", timeout]),
  ];
  return [...make, ["security", "set-keychain-settings", ...when, NAME]];
}

/** In the user's own session where there is one: the keychain is open there. */
async function asUser(mac: Mac, { user, uid }: Keychain, words: Words): Promise<Words> {
  if (user === "root") throw new AgentStop("settings", "root has no login keychain");
  const session = await mac.ask(["launchctl", "print", `gui/${uid}`]);
  const inSession: string[] =
    session.kind === "exited" && session.code === 0 ? ["launchctl", "asuser", String(uid)] : [];
  const [program = "sudo", ...args] = [...inSession, "sudo", "-u", user, "-H", ...words];
  return [program, ...args];
}
