import { execa } from "execa";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar";
import { BundleError } from "./bundle-error.ts";
import type { Runtime } from "./runtimes.ts";

/** A Node to be put into a bundle. */
export interface Node {
  /** The executable. */
  path: string;
  /** Its licence; undefined when none lies where Node's own archives have it. */
  licence: string | undefined;
}

/** A Node that is there already, perhaps as the official archive has it: `bin/node` and, above, `LICENSE`. */
export async function givenNode(path: string): Promise<Node> {
  const isProgram = await access(path, constants.X_OK).then(
    async () => (await stat(path)).isFile(),
    () => false,
  );
  if (!isProgram) {
    throw new BundleError("node_missing", `${path} is no executable`, "Give the path of a node by --node.");
  }
  const licence = await readFile(join(dirname(path), "../LICENSE"), "utf8").catch(() => undefined);
  return { path, licence };
}

/**
 * The pinned Node, from the npm registry unless it was fetched before.
 *
 * @param folder where what was fetched is kept
 */
export async function pinnedNode(runtime: Runtime, folder: string): Promise<Node> {
  const { name, version, integrity } = runtime;
  const archive = join(folder, `${name}-${version}.tgz`);
  await mkdir(folder, { recursive: true });
  if ((await sumOf(archive)) !== integrity) await fetchInto(folder, runtime);
  const sum = await sumOf(archive);
  if (sum !== integrity) {
    throw new BundleError(
      "node_damaged",
      `${archive} has the sum ${sum}, not the pinned ${integrity}`,
      "Remove it and try again. If that does not help, the registry in use does not have the package that is pinned: give a Node of your own by --node.",
    );
  }
  const unpacked = join(folder, `${name}-${version}`);
  await mkdir(unpacked, { recursive: true });
  const wanted = new Set(["package/bin/node", "package/LICENSE"]);
  await extract({ file: archive, cwd: unpacked, strip: 1, filter: (path) => wanted.has(path) });
  return givenNode(join(unpacked, "bin/node"));
}

async function fetchInto(folder: string, { name, version }: Runtime): Promise<void> {
  const argv = ["pack", `${name}@${version}`, "--pack-destination", folder, "--silent"];
  const { exitCode, stderr, message } = await execa("npm", argv, { reject: false });
  if (exitCode === 0) return;
  throw new BundleError(
    "node_not_fetched",
    `npm cannot fetch ${name}@${version}: ${stderr || message}`,
    "Fetch it where the npm registry can be reached, or give a Node of your own by --node.",
  );
}

/** @returns undefined when the file is not there */
async function sumOf(path: string): Promise<string | undefined> {
  const hash = createHash("sha512");
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return undefined;
  }
  return `sha512-${hash.digest("base64")}`;
}
