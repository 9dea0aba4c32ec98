import { bundle } from "./bundle.ts";
import { aDefault } from "./default.ts";
import { file, folder, link } from "./files.ts";
import { job } from "./job.ts";
import { keychain } from "./keychain.ts";
import { power } from "./power.ts";
import type { Handle, Thing } from "./thing.ts";

/**
 * What can be done with a thing.
 *
 * @param source the bundle that is installed; not needed to remove one
 */
export function handleOf(thing: Thing, source?: string): Handle {
  switch (thing.kind) {
    case "folder":
      return folder(thing);
    case "file":
      return file(thing);
    case "link":
      return link(thing);
    case "bundle":
      return bundle(thing, source);
    case "default":
      return aDefault(thing);
    case "power":
      return power(thing);
    case "keychain":
      return keychain(thing);
    case "job":
      return job(thing);
  }
}
