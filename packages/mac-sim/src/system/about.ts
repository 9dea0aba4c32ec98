import { fail, ok, type Program } from "./state.ts";

/** sw_vers(1). */
export const swVers: Program = (args, mac) =>
  args.join() === "-productVersion" ? ok(`${mac.read().macos}\n`) : fail(1, "usage");

/** fdesetup(8). */
export const fdesetup: Program = (args, mac) =>
  args.join() === "status" ? ok(`FileVault is ${mac.read().fileVault ? "On" : "Off"}.\n`) : fail(1, "usage");

/** dscl(1), to read users. */
export const dscl: Program = ([node, verb, path = "", ...keys], mac) => {
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
