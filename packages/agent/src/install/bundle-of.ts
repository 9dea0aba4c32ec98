import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AgentStop } from "../process/exit.ts";
import { digestOf } from "./things/bundle.ts";

/** An unpacked bundle of the agent. */
export interface Bundle {
  source: string;
  version: string;
  digest: string;
}

/**
 * The one in a folder, or the one that the running program is part of.
 *
 * @param program path of the running program's file
 * @throws AgentStop when it is none
 */
export async function bundleOf(given: string | undefined, program: string): Promise<Bundle> {
  // <bundle>/lib/agent/dist/main.mjs
  const source = given === undefined ? resolve(program, "../../../..") : resolve(given);
  const version = (await readFile(join(source, "VERSION"), "utf8").catch(() => "")).trim();
  const digest =
    /^[\w.+-]{1,64}$/.test(version) && !/^\.+$/.test(version) ? await digestOf(join(source, "bin")) : null;
  if (digest === null) {
    throw new AgentStop(
      "settings",
      given === undefined
        ? "this program is not part of a bundle; unpack a tartfleet-agent-<version>-darwin-arm64.tar.gz and run its bin/tartfleet-agent install, or give --bundle"
        : `--bundle: ${given} is no unpacked bundle of the agent`,
    );
  }
  return { source, version, digest: (await digestOf(source)) ?? "" };
}
