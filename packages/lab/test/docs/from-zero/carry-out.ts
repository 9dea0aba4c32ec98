import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { scriptOf, type Block } from "./page.ts";
import { makeReaderHome } from "./reader-home.ts";

const NPM_RUN = fileURLToPath(new URL("npm-run.ts", import.meta.url));

/**
 * Does what a page says, in a home of its own: in the checkout, with our programs and what changes nothing, one
 * block after the other in one shell.
 *
 * @param fleet what the reader has by then: where the control plane is, and who they are
 * @returns all that was printed, and the exit code
 */
export async function carryOut(
  blocks: readonly Block[],
  fleet: { url: string; token: string },
): Promise<{ exitCode: number | undefined; output: string }> {
  await using home = await makeReaderHome();
  await home.addCommand("npm", `#!/bin/sh\nexec node "${NPM_RUN}" "$@"\n`);
  const tokenFile = join(home.dir, "admin-token");
  await writeFile(tokenFile, fleet.token, { mode: 0o600 });
  const script = join(home.dir, ".page.sh");
  await writeFile(script, `set -x\n${scriptOf(blocks)}`);
  const { exitCode, all } = await execa("/bin/bash", [script], {
    cwd: home.checkout,
    env: {
      HOME: home.dir,
      PATH: home.bin,
      LANG: "C.UTF-8",
      TARTFLEET_URL: fleet.url,
      TARTFLEET_TOKEN_FILE: tokenFile,
    },
    extendEnv: false,
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: 120_000,
  });
  return { exitCode, output: all };
}
