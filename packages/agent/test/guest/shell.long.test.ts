import { execa } from "execa";
import * as fc from "fast-check";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exports, quote } from "../../src/guest/shell.ts";

const text = fc.string({ unit: "binary", maxLength: 300 }).filter((text) => !text.includes("\0"));
const nasty = fc.stringMatching(/^['"$`\\\n\r\t !*?~#&;|<>(){}[\]a-z=]*$/);
const value = fc.oneof(text, nasty);

/** Names that a shell keeps for itself or that the test needs. */
const TAKEN =
  /^(PATH|HOME|PWD|OLDPWD|SHLVL|_|LD_.*|BASH.*|ZSH.*|[a-z].*|.{1,3}|RANDOM|SECONDS|IFS|FUNC.*|LINE.*|OPT.*|SHELLOPTS)$/;
const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{3,20}$/).filter((name) => !TAKEN.test(name));

const shells = ["/bin/bash", "/bin/sh"];
const hasZsh = (await execa("zsh", ["-c", "true"], { reject: false })).exitCode === 0;
if (hasZsh) shells.push("zsh");

describe.each(shells)("%s", (shell) => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tartfleet-shell-"));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it("gets a quoted word unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 5 }), async (words) => {
        const { stdout } = await execa(shell, ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`]);
        expect(stdout).toBe(words.map((word) => `${word}\0`).join(""));
      }),
      { numRuns: 40 },
    );
  });

  it("exports every value unchanged", async () => {
    const file = join(directory, "job.env");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 6 }), async (env) => {
        await writeFile(file, exports(env));
        const { stdout } = await execa(shell, ["-c", `. "${file}"; exec env -0`], { env: { LC_ALL: "C" } });
        const seen = new Map(
          stdout.split("\0").map((entry) => [entry.split("=", 1)[0], entry.slice(entry.indexOf("=") + 1)]),
        );
        for (const [name, value] of Object.entries(env)) expect(seen.get(name)).toBe(value);
      }),
      { numRuns: 40 },
    );
  });
});

describe.runIf(hasZsh)("names that zsh keeps for itself", () => {
  const env = { A_FIRST: "1", status: "failed", path: "x", options: "y", USERNAME: "somebody", Z_LAST: "2" };

  it("do not keep the others from zsh", async () => {
    const { stdout, stderr } = await execa("zsh", ["-c", `${exports(env)}\necho "$A_FIRST $Z_LAST"`]);
    expect([stdout, stderr]).toEqual(["1 2", ""]);
  });

  it("reach bash", async () => {
    const { stdout } = await execa("bash", [
      "-c",
      `${exports(env)}\necho "$status $path $options $USERNAME"`,
    ]);
    expect(stdout).toBe("failed x y somebody");
  });
});
