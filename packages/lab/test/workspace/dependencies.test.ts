import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");

test("every package comes from the registry with its hash: no repository, no address, no folder", () => {
  const [, packages = ""] = read("pnpm-lock.yaml").split(/^packages:$/m);
  const resolutions = packages.match(/^ {4}resolution: .*$/gm) ?? [];
  expect(resolutions.length).toBeGreaterThan(100);
  const others = resolutions.filter(
    (line) => !/^ {4}resolution: \{integrity: sha512-[A-Za-z0-9+/]+=*\}$/.test(line),
  );
  expect(others).toEqual([]);
  expect(read("pnpm-lock.yaml")).not.toMatch(/git\+|codeload|tarball:|file:\.\./);
});

test("versions are exact, and no package may run a script when it is installed", () => {
  const manifests = [
    "package.json",
    "infra/package.json",
    ...readdirSync(`${root}packages`).map((name) => `packages/${name}/package.json`),
  ];
  for (const path of manifests) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, `${path}: ${name}`).toMatch(/^(\d+\.\d+\.\d+([-.][\w.]+)?|catalog:|workspace:\*)$/);
    }
  }
  const [, builds = ""] = read("pnpm-workspace.yaml").split(/^allowBuilds:$/m);
  expect(builds.match(/^ {2}\S+: .*$/gm)?.filter((line) => !line.endsWith(": false"))).toEqual([]);
});

test("docs/licences.md lists what is installed, and every licence is one that we may use", async () => {
  const { exitCode, stderr } = await execa("node", [`${root}scripts/licences.mjs`, "--check"], {
    reject: false,
  });
  expect([exitCode, stderr]).toEqual([0, ""]);
});
