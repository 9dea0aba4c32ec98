import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {string} root the workspace's folder
 * @returns {string[]} the folders of its packages
 */
export function packageFolders(root) {
  const names = readdirSync(join(root, "packages")).map((name) => join("packages", name));
  return [...names, "infra"]
    .map((name) => join(root, name))
    .filter((folder) => existsSync(join(folder, "package.json")));
}
