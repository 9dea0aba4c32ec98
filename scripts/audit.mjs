// `npm run audit`: fails when a dependency has a known vulnerability. Where the registry has no such service, or
// cannot be reached, that is said, and nothing fails.
import { spawnSync } from "node:child_process";

/**
 * @param {string} root the workspace's folder
 * @returns {number} the exit code
 */
export function audit(root) {
  const { stdout, stderr } = spawnSync("pnpm", ["audit", "--json"], {
    cwd: root,
    encoding: "utf8",
    timeout: 120_000,
  });
  const found = countOf(stdout);
  if (found === undefined) {
    const [reason = ""] = `${stderr}${stdout}`.trim().split("\n");
    console.error(`Not audited: the registry gave no answer (${reason}).`);
    return 0;
  }
  console.log(found === 0 ? "No known vulnerability." : stdout);
  return found === 0 ? 0 : 1;
}

/** How many there are; undefined when the answer is none. */
function countOf(text) {
  try {
    const { vulnerabilities } = JSON.parse(text).metadata;
    return Object.values(vulnerabilities).reduce((sum, count) => sum + count, 0);
  } catch {
    return undefined;
  }
}
