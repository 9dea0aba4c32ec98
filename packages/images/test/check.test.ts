import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../src/check/finding.ts";
import { checkByPacker, checkByShellcheck, checkByZsh, isInstalled } from "../src/check/programs.ts";
import { checkFiles } from "../src/check/pure.ts";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { readReleases } from "../src/templates/release.ts";
import { copyOfTemplates } from "./support.ts";

type Copy = Awaited<ReturnType<typeof copyOfTemplates>>;
const replace = (path: string, from: string | RegExp, to: string) => (copy: Copy) =>
  copy.edit(path, (text) => text.replace(from, to));

test("nothing is wrong with the templates", async () => {
  expect(await checkFiles(IMAGES_FOLDER)).toEqual([]);
});

const MISTAKES: readonly (readonly [string, (copy: Copy) => Promise<unknown>, string, string])[] = [
  [
    "another format",
    replace("base.pkr.hcl", "  vm_name      =", "  vm_name ="),
    "base.pkr.hcl",
    "not formatted",
  ],
  [
    "an option that is not the plugin's",
    replace("base.pkr.hcl", /headless( +)=/, "headles$1 ="),
    "base.pkr.hcl",
    "no option headles",
  ],
  [
    "two origins",
    replace("vanilla.pkr.hcl", "  vm_name   =", '  from_iso  = ["a"]\n  vm_name   ='),
    "vanilla.pkr.hcl",
    "exclude one another",
  ],
  [
    "a VM changed in place",
    replace("sip.pkr.hcl", "  vm_base_name = var.from_vm\n", ""),
    "sip.pkr.hcl",
    "without an origin",
  ],
  [
    "a recovery partition that goes",
    replace("xcode.pkr.hcl", '"keep"', '"delete"'),
    "xcode.pkr.hcl",
    "recovery_partition",
  ],
  [
    "a key that is none",
    replace("setup-assistant.pkr.hcl", "<spacebar>", "<space>"),
    "setup-assistant.pkr.hcl",
    "no key <space>",
  ],
  [
    "a key that is held for ever",
    replace("sip.pkr.hcl", "<leftAltOff>", ""),
    "sip.pkr.hcl",
    "leftAlt is never let go",
  ],
  [
    "a restore image of another build",
    replace("releases/tahoe.pkrvars.hcl", "26.5_25F71", "26.5_25F72"),
    "releases/tahoe.pkrvars.hcl",
    "ipsw_url is not of macOS 26.5",
  ],
  [
    "a build of another macOS",
    replace("releases/sequoia.pkrvars.hcl", /24G90/g, "25G90"),
    "releases/sequoia.pkrvars.hcl",
    "macos_build is not",
  ],
  [
    "a restore image from elsewhere",
    replace("releases/golden-gate.pkrvars.hcl", "updates.cdn-apple.com", "example.com"),
    "releases/golden-gate.pkrvars.hcl",
    "ipsw_url",
  ],
  [
    "a sum that is none",
    replace("releases/golden-gate.pkrvars.hcl", '"2a5d', '"2a5'),
    "releases/golden-gate.pkrvars.hcl",
    "64 hex digits",
  ],
  [
    "a variable that nobody declares",
    replace("releases/golden-gate.pkrvars.hcl", "release       =", "relaese       ="),
    "releases/golden-gate.pkrvars.hcl",
    "relaese",
  ],
  [
    "a script that is not there",
    (copy) => rm(join(copy.folder, "scripts/base/known-hosts.sh")),
    "scripts/base/known-hosts.sh",
    "not there",
  ],
  [
    "a script that nothing runs",
    (copy) => writeFile(join(copy.folder, "scripts/base/new.sh"), "#!/bin/bash\nset -euo pipefail\n"),
    "scripts/base/new.sh",
    "no template runs it",
  ],
  [
    "a script that may not run",
    (copy) => chmod(join(copy.folder, "scripts/base/homebrew.sh"), 0o644),
    "scripts/base/homebrew.sh",
    "may not be executed",
  ],
  [
    "a newer bash",
    replace("scripts/base/tools.sh", "brew update", "mapfile -t lines </dev/null"),
    "scripts/base/tools.sh",
    "bash 3.2",
  ],
  [
    "a script that goes on after an error",
    replace("scripts/base/tools.sh", "set -euo pipefail", "set -u"),
    "scripts/base/tools.sh",
    "goes unseen",
  ],
  [
    "a variable that nobody declares",
    replace("runner.pkr.hcl", "${var.java_formula}", "${var.java_formulas}"),
    "runner.pkr.hcl",
    "nobody declares var.java_formulas",
  ],
  [
    "a variable that nothing takes",
    () => Promise.resolve(),
    "variables.pkr.hcl",
    "nothing takes var.java_formula",
  ],
  [
    "a text that nobody has written",
    replace("setup-assistant.pkr.hcl", "<wait 'Look'>${local.next}", "<wait 'Look'>${local.nexte}"),
    "setup-assistant.pkr.hcl",
    "nobody declares local.nexte",
  ],
  [
    "a release for which nothing is typed",
    (copy) =>
      copy.edit("setup-assistant.pkr.hcl", (text) =>
        text.replace("    sequoia = concat(", "    lion = concat("),
      ),
    "releases/sequoia.pkrvars.hcl",
    "has nothing for it",
  ],
  [
    "a script without what it takes",
    replace("xcode.pkr.hcl", "XCODE_PLATFORMS=", "XCODE_PLATFORM="),
    "scripts/xcode/platforms.sh",
    "does not give it XCODE_PLATFORMS",
  ],
  [
    "a job edited by hand",
    replace("launchd/LaunchDaemons/dev.tartfleet.limit-maxfiles.plist", "65536", "65537"),
    "launchd/LaunchDaemons/dev.tartfleet.limit-maxfiles.plist",
    "not as generated",
  ],
  [
    "a job that nothing generates",
    (copy) => writeFile(join(copy.folder, "launchd/LaunchDaemons/new.plist"), "<plist/>"),
    "launchd/LaunchDaemons/new.plist",
    "nothing generates it",
  ],
];

describe("of mistakes in all places at once", () => {
  let findings: Finding[] = [];
  beforeAll(async () => {
    await using copy = await copyOfTemplates();
    for (const [, spoil] of MISTAKES) await spoil(copy);
    findings = await checkFiles(copy.folder);
  });

  test.each(MISTAKES)("%s is found", (_what, _spoil, file, problem) => {
    expect(findings).toContainEqual({ file, problem: expect.stringContaining(problem) });
  });
});

test("text that is no HCL is found", async () => {
  await using copy = await copyOfTemplates();
  await copy.edit("base.pkr.hcl", (text) => text.replace("{", "{{"));
  expect(await checkFiles(copy.folder)).toContainEqual({
    file: "base.pkr.hcl",
    problem: expect.stringContaining("is not HCL"),
  });
});

const [hasPacker, hasShellcheck, hasZsh] = await Promise.all([
  isInstalled("packer"),
  isInstalled("shellcheck"),
  isInstalled("zsh"),
]);

describe.skipIf(!hasPacker)("by packer (Debian's package packer), without the plugin", () => {
  test("every release fits the templates of all layers", async () => {
    expect(await checkByPacker(IMAGES_FOLDER, await readReleases(IMAGES_FOLDER))).toEqual([]);
  });

  test.each([
    [
      "an option takes a variable that nobody declares",
      "vanilla.pkr.hcl",
      "var.disk_size_gb",
      "var.disk_size",
    ],
    ["a provisioner takes a variable that nobody declares", "base.pkr.hcl", "var.formulae)", "var.formula)"],
    ["a release has nothing to type", "setup-assistant.pkr.hcl", "    tahoe = concat(", "    lion = concat("],
    ["a provisioner knows no such option", "runner.pkr.hcl", "    scripts = [", "    script_files = ["],
  ])("it is found when %s", async (_what, path, from, to) => {
    await using copy = await copyOfTemplates();
    const releases = (await readReleases(copy.folder)).filter(({ release }) => release === "tahoe");
    await copy.edit(path, (text) => text.replace(from, to));
    expect(await checkByPacker(copy.folder, releases)).toHaveLength(1);
  });
});

test.skipIf(!hasShellcheck)(
  "shellcheck (Debian's package shellcheck) finds nothing, and what was planted",
  async () => {
    expect(await checkByShellcheck(IMAGES_FOLDER)).toEqual([]);
    await using copy = await copyOfTemplates();
    await copy.edit("scripts/base/homebrew.sh", (text) => `${text}rm -rf $1\n`);
    expect(await checkByShellcheck(copy.folder)).toMatchObject([
      { problem: expect.stringContaining("SC2086") },
    ]);
  },
);

test.skipIf(!hasZsh)("zsh (Debian's package zsh) can read its files, and not what was planted", async () => {
  expect(await checkByZsh(IMAGES_FOLDER)).toEqual([]);
  await using copy = await copyOfTemplates();
  await copy.edit("files/zshenv", (text) => text.replace("esac", ""));
  expect(await checkByZsh(copy.folder)).toMatchObject([{ file: "files/zshenv" }]);
});
