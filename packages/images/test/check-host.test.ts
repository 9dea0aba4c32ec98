import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../src/check/finding.ts";
import { checkHostBy, checkHostFiles } from "../src/check/host/check-host.ts";
import { isInstalled } from "../src/check/programs.ts";
import { HOST_FOLDER } from "../src/folder.ts";
import { makeProgram } from "../src/program.ts";
import { contextOf, copyOfTemplates } from "./support.ts";

type Copy = Awaited<ReturnType<typeof copyOfTemplates>>;
const TEMPLATE = "mac-host.pkr.hcl";
const replace = (path: string, from: string | RegExp, to: string) => (copy: Copy) =>
  copy.edit(path, (text) => text.replace(from, to));

test("nothing is wrong with the template of the hosts' AMI", async () => {
  expect(await checkHostFiles(HOST_FOLDER)).toEqual([]);
});

const MISTAKES: readonly (readonly [string, (copy: Copy) => Promise<unknown>, string, string])[] = [
  ["another format", replace(TEMPLATE, "  ena_support  ", "  ena_support "), TEMPLATE, "not formatted"],
  [
    "shared hardware",
    replace(TEMPLATE, /(tenancy +)= "host"/, '$1= "default"'),
    TEMPLATE,
    "dedicated host only",
  ],
  [
    "a place that there is not",
    replace(TEMPLATE, /host_id( +)=/, "host_ids$1="),
    TEMPLATE,
    "placement has no option host_ids",
  ],
  [
    "a licence that is named otherwise",
    replace(TEMPLATE, "license_configuration_request {", "license_request {"),
    TEMPLATE,
    "license_specifications has no option license_request",
  ],
  [
    "version 1 of the metadata service",
    replace(TEMPLATE, /(imds_support +)= "v2.0"/, '$1= "v1.0"'),
    TEMPLATE,
    "version 1 of the metadata service is on",
  ],
  [
    "tags that instances do not see",
    replace(TEMPLATE, /(instance_metadata_tags +)= "enabled"/, '$1= "disabled"'),
    TEMPLATE,
    "the boot script finds no tags",
  ],
  [
    "a volume that is not encrypted",
    replace(TEMPLATE, /(encrypted +)= true/, "$1= false"),
    TEMPLATE,
    "not encrypted",
  ],
  ["an Intel processor", replace(TEMPLATE, "arm64_mac", "x86_64_mac"), TEMPLATE, "Apple silicon only"],
  [
    "packer's key left behind",
    replace(TEMPLATE, /(ssh_clear_authorized_keys +)= true/, "$1= false"),
    TEMPLATE,
    "packer's key opens every instance",
  ],
  [
    "no patience",
    replace(TEMPLATE, / {2}aws_polling \{[^}]*\}\n/, ""),
    TEMPLATE,
    "packer does not wait as long",
  ],
  [
    "something after the cleaning",
    replace(TEMPLATE, / {6}"\$\{path.root\}\/scripts\/clean.sh",\n/, ""),
    TEMPLATE,
    "the last scripts must be",
  ],
  [
    "a script without what it takes",
    replace(TEMPLATE, "TART_SHA256=", "TART_SHA=") /* the sum of nothing */,
    "scripts/install-tart.sh",
    "does not give it TART_SHA256",
  ],
  [
    "a variable that nobody declares",
    replace(TEMPLATE, "var.root_gib", "var.root_gb"),
    TEMPLATE,
    "nobody declares var.root_gb",
  ],
  [
    "a variable that nothing takes",
    () => Promise.resolve(),
    "variables.pkr.hcl",
    "nothing takes var.root_gib",
  ],
  [
    "a tart that does not start there",
    replace("releases/sequoia.pkrvars.hcl", "2.34.0", "2.40.1"),
    "releases/sequoia.pkrvars.hcl",
    "newer than 2.34.0",
  ],
  [
    "a tart that is broken",
    replace("releases/tahoe.pkrvars.hcl", "2.40.1", "2.36.0"),
    "releases/tahoe.pkrvars.hcl",
    "2.36.0 does not start a VM",
  ],
  [
    "a sum that is none",
    (copy) =>
      writeFile(
        join(copy.folder, "releases/sonoma.pkrvars.hcl"),
        'release      = "sequoia"\nmacos_major  = 14\ntart_version = "2.34.0"\ntart_sha256  = "abc"\n',
      ),
    "releases/sonoma.pkrvars.hcl",
    "64 hex digits",
  ],
  [
    "a script that is not there",
    (copy) => rm(join(copy.folder, "scripts/grow-volume.sh")),
    "scripts/grow-volume.sh",
    "not there",
  ],
  [
    "a part of the boot script that nothing takes",
    (copy) =>
      writeFile(join(copy.folder, "boot/new.sh"), "#!/bin/bash\nset -euo pipefail\n", { mode: 0o755 }),
    "boot/new.sh",
    "no script at boot takes it",
  ],
  [
    "a newer bash at boot",
    replace("boot/lib/say.sh", "printf '%s %s\\n' \"$(", "printf '%(%FT%TZ)T %s\\n' \"$("),
    "boot/lib/say.sh",
    "bash 3.2",
  ],
  [
    "a part of the boot script that may not run",
    (copy) => chmod(join(copy.folder, "boot/prewarm.sh"), 0o644),
    "boot/prewarm.sh",
    "may not be executed",
  ],
];

describe("of mistakes in all places at once", () => {
  let findings: Finding[] = [];
  beforeAll(async () => {
    await using copy = await copyOfTemplates(HOST_FOLDER);
    for (const [, spoil] of MISTAKES) await spoil(copy);
    findings = await checkHostFiles(copy.folder);
  });

  test.each(MISTAKES)("%s is found", (_what, _spoil, file, problem) => {
    expect(findings).toContainEqual({ file, problem: expect.stringContaining(problem) });
  });
});

test("check looks at both folders", async () => {
  await using copy = await copyOfTemplates(HOST_FOLDER);
  await copy.edit(TEMPLATE, (text) => text.replace("arm64_mac", "x86_64_mac"));
  const context = contextOf({ hostFolder: copy.folder });
  await expect(makeProgram(context).parseAsync(["check"], { from: "user" })).rejects.toMatchObject({
    code: "invalid_templates",
  });
  expect(context.said).toEqual([
    `host/${TEMPLATE}: tart runs on Apple silicon only: source_ami_filter's architecture`,
  ]);
});

describe.skipIf(!(await isInstalled("packer")))("by packer (Debian's package packer)", () => {
  test("every release fits the template", async () => {
    expect(await checkHostBy("packer", HOST_FOLDER)).toEqual([]);
  });

  test.each([
    ["the source has no such option", "  ssh_interface  ", "  ssh_interfaces ", "releases/tahoe.pkrvars.hcl"],
    ["the name cannot be an AMI's", '"tartfleet-host-$', '"tartfleet?host-$', "releases/tahoe.pkrvars.hcl"],
    ["a provisioner takes what nobody declares", "var.images)", "var.image)", "releases/tahoe.pkrvars.hcl"],
    [
      "a file is not uploaded from where it is",
      "SHA256SUMS.sig",
      "SHA256SUMS.asc",
      "releases/tahoe.pkrvars.hcl",
    ],
  ])("it is found when %s", async (_what, from, to, file) => {
    await using copy = await copyOfTemplates(HOST_FOLDER);
    await copy.edit(TEMPLATE, (text) => text.replaceAll(from, to));
    expect(await checkHostBy("packer", copy.folder)).toContainEqual({ file, problem: expect.any(String) });
  });
});

test.skipIf(!(await isInstalled("shellcheck")))(
  "shellcheck (Debian's package shellcheck) looks at the boot scripts, too",
  async () => {
    expect(await checkHostBy("shellcheck", HOST_FOLDER)).toEqual([]);
    await using copy = await copyOfTemplates(HOST_FOLDER);
    await copy.edit("boot/prewarm.sh", (text) => `${text}rm -rf $1\n`);
    expect(await checkHostBy("shellcheck", copy.folder)).toMatchObject([
      { file: "boot/prewarm.sh", problem: expect.stringContaining("SC2086") },
    ]);
  },
);

test.skipIf(!(await isInstalled("zsh")))("zsh (Debian's package zsh) can read its file", async () => {
  expect(await checkHostBy("zsh", HOST_FOLDER)).toEqual([]);
});
