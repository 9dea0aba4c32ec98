import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Context } from "./context.ts";
import { ImagesError } from "./images-error.ts";
import type { Choice } from "./plan.ts";
import { readReleases } from "./templates/release.ts";
import { readVariables } from "./templates/variables.ts";

export interface ChoiceFlags {
  release: string;
  xcode?: string;
  xip?: string;
  xipSha256?: string;
  downloads?: string;
  var: Record<string, string>;
}

/** Variables of the templates that a plan works out by itself. */
const WORKED_OUT: ReadonlySet<string> = new Set([
  "ipsw",
  "from_vm",
  "vm_name",
  "release",
  "xcode_version",
  "xcode_xip",
]);

/** @throws ImagesError `invalid_choice` that says what may be chosen */
export async function readChoice(flags: ChoiceFlags, { env, folder }: Context): Promise<Choice> {
  const releases = await readReleases(folder);
  const release = releases.find((one) => one.release === flags.release);
  if (!release) {
    const names = releases.map((one) => one.release).join(", ");
    throw new ImagesError("invalid_choice", `There is no release ${flags.release}`, `There are: ${names}.`);
  }
  if ((flags.xcode === undefined) !== (flags.xip === undefined)) {
    throw new ImagesError(
      "invalid_choice",
      "--xcode and --xip belong together",
      "Give Xcode's version and its .xip, which Apple gives to people who are signed in.",
    );
  }
  const known = await readVariables(folder);
  const unknown = Object.keys(flags.var).find((name) => !known.has(name) || WORKED_OUT.has(name));
  if (unknown !== undefined) {
    const names = [...known.keys()].filter((name) => !WORKED_OUT.has(name)).join(", ");
    throw new ImagesError("invalid_choice", `--var ${unknown} cannot be set`, `These can: ${names}.`);
  }
  const home = env["HOME"] ?? homedir();
  return {
    release: { ...release, sip: flags.var["sip"] === undefined ? release.sip : sipOf(flags.var["sip"]) },
    ...(flags.xcode !== undefined && flags.xip !== undefined
      ? { xcode: { version: flags.xcode, xip: resolve(flags.xip), sha256: flags.xipSha256 } }
      : {}),
    variables: flags.var,
    downloads: resolve(flags.downloads ?? join(home, "Library/Caches/tartfleet/restore-images")),
    folder,
  };
}

function sipOf(text: string): "on" | "off" {
  if (text === "on" || text === "off") return text;
  throw new ImagesError("invalid_choice", "sip cannot be set to that", "It is on or off.");
}
