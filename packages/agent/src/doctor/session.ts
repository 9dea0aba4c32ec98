import { error, majorOf, ok, unknown, warning, type Judgement } from "./judge.ts";
import { notSaid, type Said } from "./said.ts";

/** The setting that says who is logged in by itself. */
export const AUTO_LOGIN = {
  path: "/Library/Preferences/com.apple.loginwindow",
  key: "autoLoginUser",
} as const;

const LOG_IN = 'sudo sysadminctl -autologin set -userName "$(id -un)" -password -';

/** `launchctl print gui/UID`: whether the agent's user is logged in at the screen (peers §4 row 10). */
export function judgeGuiSession(said: Said, uid: number): Judgement {
  if (uid === 0) {
    return error(
      "The agent runs as root, who cannot start macOS VMs from macOS 15 on; it belongs to the user who is logged in.",
      "sudo launchctl bootout system/dev.tartfleet.agent # then as that user: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/dev.tartfleet.agent.plist",
    );
  }
  if (said.kind !== "exited" || said.code === null) return unknown(notSaid("launchctl", said));
  if (said.code === 0) return ok("The agent's user is logged in at the screen.");
  return warning(
    "The agent's user is not logged in at the screen, so that VMs start only while the login keychain is unlocked by hand.",
    `${LOG_IN} && sudo shutdown -r now`,
  );
}

const UNLOCK = "security unlock-keychain login.keychain";
const KEEP_OPEN = "security set-keychain-settings login.keychain";

/** `security show-keychain-info login.keychain` (tart-contract §6.4). */
export function judgeKeychain(said: Said, macos: string | undefined): Judgement {
  if (said.kind === "missing") return unknown(notSaid("security", said));
  if (said.kind === "silent") {
    return unknown(
      "security did not answer: perhaps it asks at the screen for the password of a locked login keychain.",
      UNLOCK,
    );
  }
  const text = `${said.stdout}\n${said.stderr}`;
  const major = majorOf(macos);
  const isNeeded = major === undefined || major >= 15;
  const bad = isNeeded ? error : warning;
  const result = isNeeded ? "macOS VMs do not start without it" : "registry logins in it cannot be read";
  if (said.code === 0) {
    const timeout = /timeout=(\d+)s/.exec(text)?.[1];
    if (timeout === undefined && !/lock-on-sleep/.test(text)) return ok("The login keychain is unlocked.");
    const when = timeout === undefined ? "when the Mac sleeps" : `after ${timeout} s`;
    return warning(`The login keychain is unlocked, but locks itself ${when}.`, KEEP_OPEN);
  }
  if (/could not be found/i.test(text)) {
    return bad(
      `The agent's user has no login keychain; ${result}.`,
      "security create-keychain -p '' login.keychain && security unlock-keychain -p '' login.keychain && security login-keychain -s login.keychain",
    );
  }
  if (/interaction is not allowed/i.test(text) || said.code === 36) {
    return bad(`The login keychain is locked; ${result}.`, UNLOCK);
  }
  return unknown(notSaid("security show-keychain-info", said), UNLOCK);
}

/**
 * `defaults read …loginwindow autoLoginUser` and `fdesetup status`: whether the Mac comes back by itself after a
 * restart.
 */
export function judgeAutoLogin(autoLogin: Said, fileVault: Said, user: string): Judgement {
  if (fileVault.kind === "exited" && /FileVault is On/i.test(fileVault.stdout)) {
    return warning(
      "FileVault is on, so that after a restart nobody is logged in and the host stays away until somebody types the password.",
      "sudo fdesetup disable",
    );
  }
  if (autoLogin.kind !== "exited") return unknown(notSaid("defaults", autoLogin), LOG_IN);
  const isUnset = autoLogin.code !== 0 && /does not exist/.test(autoLogin.stderr);
  if (autoLogin.code !== 0 && !isUnset) return unknown(notSaid("defaults", autoLogin), LOG_IN);
  const who = autoLogin.stdout.trim();
  if (who === user) return ok("The agent's user is logged in by itself after a restart.");
  if (who === "") {
    return warning("Nobody is logged in by itself after a restart; the host stays away until then.", LOG_IN);
  }
  return warning("After a restart another user than the agent's is logged in by itself.", LOG_IN);
}
