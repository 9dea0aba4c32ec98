import { readFileSync, statSync } from "node:fs";
import { parse } from "plist";
import { defaults } from "./defaults.ts";
import { fail, ok, simMac, type Program, type SimMac } from "./state.ts";

const swVers: Program = (args, mac) =>
  args.join() === "-productVersion" ? ok(`${mac.read().macos}\n`) : fail(1, "usage");

const fdesetup: Program = (args, mac) =>
  args.join() === "status" ? ok(`FileVault is ${mac.read().fileVault ? "On" : "Off"}.\n`) : fail(1, "usage");

const dscl: Program = ([node, verb, path = "", ...keys], mac) => {
  const user = mac.read().users.find(({ name }) => path === `/Users/${name}`);
  if (node !== "." || verb !== "-read") return fail(64, "usage");
  if (!user) return fail(56, "<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)");
  const record: Record<string, string> = {
    NFSHomeDirectory: user.home,
    PrimaryGroupID: String(user.gid),
    UniqueID: String(user.uid),
  };
  const lines = Object.keys(record).filter((key) => keys.includes(key));
  // A value with a space stands in a line of its own.
  return ok(
    lines.map((key) => `${key}:${record[key]?.includes(" ") === true ? "\n" : ""} ${record[key]}\n`).join(""),
  );
};

const FLAGS: Record<string, string> = { "-c": "AC Power", "-b": "Battery Power", "-u": "UPS Power" };

const pmset: Program = (args, mac) => {
  const state = mac.read();
  const [flag = "", name = "", value = "", ...rest] = args;
  const listed = (power: Record<string, number>) =>
    Object.entries(power)
      .map(([key, minutes]) => ` ${key.padEnd(20)} ${minutes}\n`)
      .join("");
  if (flag === "-g" && name === "custom" && value === "") {
    return ok(
      Object.entries(state.power)
        .map(([source, power]) => `${source}:\n${listed(power)}`)
        .join(""),
    );
  }
  if (flag === "-g" && name === "")
    return ok(`System-wide power settings:\nCurrently in use:\n${listed(state.power["AC Power"] ?? {})}`);
  const power = state.power[FLAGS[flag] ?? ""];
  if (!power || !(name in power) || !/^\d+$/.test(value) || rest.length > 0)
    return fail(64, "Usage: pmset <options>");
  power[name] = Number(value);
  mac.write(state);
  return ok();
};

const security: Program = (args, mac) => {
  const state = mac.read();
  const keychain = state.keychains[mac.user];
  const [verb, ...rest] = args;
  if (rest.at(-1) !== "login.keychain")
    return verb === "find-internet-password" ? fail(44, "could not be found") : fail(2, "usage");
  const words = rest.slice(0, -1);
  const save = (change?: Partial<NonNullable<typeof keychain>>) => {
    if (change) state.keychains[mac.user] = { ...(keychain ?? { isLocked: false }), ...change };
    else delete state.keychains[mac.user];
    mac.write(state);
    return ok();
  };
  if (verb === "create-keychain") {
    return keychain || words.join() !== "-p,"
      ? fail(48, "A keychain with the same name already exists.")
      : save({ isLocked: true });
  }
  if (!keychain)
    return fail(
      50,
      "security: SecKeychainGetSettings login.keychain: The specified keychain could not be found.",
    );
  switch (verb ?? "") {
    case "unlock-keychain":
      return words.join() === "-p,"
        ? save({ isLocked: false })
        : fail(51, "The user name or passphrase you entered is not correct.");
    case "login-keychain":
      return words.join() === "-s" ? ok() : fail(2, "usage");
    case "delete-keychain":
      return save();
  }
  if (keychain.isLocked)
    return fail(36, "security: SecKeychainCopySettings login.keychain: User interaction is not allowed.");
  if (verb === "show-keychain-info") {
    const when = `${keychain.lockOnSleep === true ? " lock-on-sleep" : ""}${keychain.timeout === undefined ? " no-timeout" : ` timeout=${keychain.timeout}s`}`;
    return { code: 0, stderr: `Keychain "login.keychain"${when}\n` };
  }
  if (verb !== "set-keychain-settings") return fail(2, "usage");
  const set = /^(-l)?,?(?:-u,-t,(\d+))?$/.exec(words.join());
  if (!set) return fail(2, "usage");
  state.keychains[mac.user] = { isLocked: false };
  const now = state.keychains[mac.user];
  if (now && set[1] !== undefined) now.lockOnSleep = true;
  if (now && set[2] !== undefined) now.timeout = Number(set[2]);
  mac.write(state);
  return ok();
};

const launchctl: Program = ([verb, target = "", ...rest], mac) => {
  const state = mac.read();
  const [, domain = target] = /^((?:gui\/\d+)|system)(?=\/|$)/.exec(target) ?? [];
  const isThere = domain === "system" || state.sessions.some((uid) => domain === `gui/${uid}`);
  switch (verb ?? "") {
    case "asuser":
      return state.sessions.includes(Number(target))
        ? run(rest, mac)
        : fail(1, `Could not switch to audit session ${target}`);
    case "print":
      if (target === domain && isThere) {
        const labels = Object.keys(state.jobs).filter((job) => job.startsWith(`${domain}/`));
        return ok(
          `${domain} = {\n${labels.map((job) => `\t\t 0 - ${job.slice(domain.length + 1)}\n`).join("")}}\n`,
        );
      }
      return target in state.jobs
        ? ok(`${target} = {\n\tstate = running\n}\n`)
        : fail(113, "Could not find service");
    case "bootstrap": {
      const [path = "", ...more] = rest;
      if (!isThere || more.length > 0)
        return fail(125, "Bootstrap failed: 125: Domain does not support specified action");
      if (!path.startsWith(`${mac.root}/`)) return fail(5, "Bootstrap failed: 5: Input/output error");
      const { Label } = parse(readFileSync(path, "utf8")) as { Label: string };
      if (`${domain}/${Label}` in state.jobs) return fail(5, "Bootstrap failed: 5: Input/output error");
      if ((statSync(path).mode & 0o022) !== 0) return fail(122, "Path had bad ownership/permissions");
      state.jobs[`${domain}/${Label}`] = path.slice(mac.root.length);
      mac.write(state);
      return ok();
    }
    case "bootout":
      if (!(target in state.jobs)) return fail(3, "Boot-out failed: 3: No such process");
      delete state.jobs[target];
      mac.write(state);
      return ok();
    default:
      return fail(64, `Unrecognized subcommand: ${verb}`);
  }
};

const sudo: Program = ([flag, user = "", home, ...words], mac) =>
  flag === "-u" && home === "-H" ? run(words, { ...mac, user }) : fail(1, "usage: sudo");

/** No process of the agent's runs unless a test puts it into this Mac. */
const ps: Program = () => fail(1, "");

const PROGRAMS: Readonly<Record<string, Program>> = {
  sw_vers: swVers,
  fdesetup,
  dscl,
  pmset,
  security,
  launchctl,
  sudo,
  defaults,
  ps,
  tart: () => ok("2.34.0\n"),
};
export const PROGRAM_NAMES = Object.keys(PROGRAMS);

/** Runs a program of this Mac. */
export function run([program = "", ...args]: readonly string[], mac: SimMac) {
  return PROGRAMS[program]?.(args, mac) ?? fail(127, `${program}: command not found`);
}

export { simMac };
