import { imageParts } from "@tartfleet/shared";
import { access, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * The digest that a cached image's name points to: a tag is a symlink to the folder of its digest (tart-contract
 * §1.4). Read from the disk, since `tart fqn` is a process for each of them. Undefined when it cannot be told.
 */
export async function cachedDigest(tartHome: string, reference: string): Promise<string | undefined> {
  const parts = imageParts(reference);
  if (!parts?.tag) return parts?.digest;
  const found = await readlink(cachePath(tartHome, parts.repository, parts.tag)).then(basename, () => "");
  return DIGEST.test(found) ? found : undefined;
}

/** Is an image of that name on the disk, so that tart needs no registry for it? */
export async function isCached(tartHome: string, reference: string): Promise<boolean> {
  const { repository = "", tag, digest } = imageParts(reference) ?? {};
  const name = tag ?? digest;
  if (name === undefined) return false;
  return await access(cachePath(tartHome, repository, name)).then(
    () => true,
    () => false,
  );
}

function cachePath(tartHome: string, repository: string, name: string): string {
  const [host = "", ...namespace] = repository.split("/");
  return join(tartHome, "cache", "OCIs", host.replaceAll(":", "%3A"), ...namespace, name);
}
