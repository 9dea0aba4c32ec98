import { Command, InvalidArgumentError, Option } from "commander";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { BundleError } from "./bundle-error.ts";
import { makeBundles } from "./bundle.ts";
import { AGENT, WORKSPACE } from "./folders.ts";
import { PLATFORMS, type Platform } from "./runtimes.ts";

interface Flags {
  platform: Platform[];
  out: string;
  release?: string;
  node?: string;
  signKey?: string;
}

/** The command line as a whole. Its action throws BundleErrors; commander's own errors are thrown, too. */
export function makeProgram(say: (line: string) => void): Command {
  return new Command("bundle")
    .description("Makes what a host is installed from: the agent and its Node in one archive.")
    .addOption(
      new Option("--platform <platform>", `one of ${PLATFORMS.join(", ")}; may be repeated`)
        .argParser(platform)
        .default(undefined, "darwin-arm64"),
    )
    .option("--out <folder>", "where to put it", join(WORKSPACE, "dist"))
    .option(
      "--release <version>",
      "what to call it (default: the version in the agent's package.json)",
      version,
    )
    .option("--node <file>", "a Node for that platform, in place of the pinned one")
    .option("--sign-key <file>", "OpenSSH key that signs the sums; without it nothing is signed")
    .configureOutput({ writeOut: (text) => say(text.trimEnd()) })
    .showHelpAfterError("(--help tells more)")
    .exitOverride()
    .action(async (flags: Partial<Flags> & Pick<Flags, "out">) => {
      const { platform: platforms = ["darwin-arm64"], node, signKey } = flags;
      if (node !== undefined && platforms.length > 1) {
        throw new BundleError(
          "invalid_choice",
          "one Node is not for several platforms",
          "Give one --platform with --node.",
        );
      }
      const made = await makeBundles({
        version: flags.release ?? (await ownVersion()),
        platforms,
        out: resolve(flags.out),
        node: node && resolve(node),
        signKey: signKey && resolve(signKey),
      });
      for (const path of made) say(path);
      if (signKey === undefined) say("Not signed: hosts do not upgrade to it. See --sign-key.");
    });
}

function platform(value: string, before: Platform[] | undefined): Platform[] {
  const known = PLATFORMS.find((one) => one === value);
  if (!known) throw new InvalidArgumentError(`It must be one of ${PLATFORMS.join(", ")}.`);
  return [...(before ?? []), known];
}

/** A version is a folder's name on the hosts, and a part of the archive's. */
function version(value: string): string {
  if (/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(value)) return value;
  throw new InvalidArgumentError("It must be like 1.2.3 or 1.2.3-rc.1.");
}

async function ownVersion(): Promise<string> {
  const text = await readFile(join(AGENT, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
