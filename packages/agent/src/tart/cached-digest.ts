import { imageParts } from "@tartfleet/shared";
import { readlink } from "node:fs/promises";
import { basename, join } from "node:path";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * The digest that a cached image's name points to: a tag is a symlink to the folder of its digest (tart-contract
 * §1.4). Read from the disk, since `tart fqn` is a process for each of them. Undefined when it cannot be told.
 */
export async function cachedDigest(tartHome: string, reference: string): Promise<string | undefined> {
  const parts = imageParts(reference);
  if (!parts?.tag) return parts?.digest;
  const [host = "", ...namespace] = parts.repository.split("/");
  const link = join(tartHome, "cache", "OCIs", host.replaceAll(":", "%3A"), ...namespace, parts.tag);
  const found = await readlink(link).then(basename, () => "");
  return DIGEST.test(found) ? found : undefined;
}
