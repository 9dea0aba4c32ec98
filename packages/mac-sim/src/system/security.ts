import { fail, ok, type Program } from "./state.ts";

/** security(1), for the login keychain of who asks. */
export const security: Program = (args, mac) => {
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
