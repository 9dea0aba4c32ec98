import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedDigest } from "../../src/tart/cached-digest.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tf-cache-"));
  const folder = join(home, "cache/OCIs/registry.example.com%3A5000/macos/runner");
  await mkdir(join(folder, DIGEST), { recursive: true });
  await symlink(join(folder, DIGEST), join(folder, "latest"));
  await symlink(DIGEST, join(folder, "relative"));
  await symlink("elsewhere", join(folder, "odd"));
});
afterEach(() => rm(home, { recursive: true }));

const of = (reference: string) => cachedDigest(home, reference);

test("a tag's digest is read from where it points to, as tart lays its cache out", async () => {
  expect(await of("registry.example.com:5000/macos/runner:latest")).toBe(DIGEST);
  expect(await of("registry.example.com:5000/macos/runner:relative")).toBe(DIGEST);
  expect(await of(`registry.example.com:5000/macos/runner@${DIGEST}`)).toBe(DIGEST);
});

test.each([
  "registry.example.com:5000/macos/runner:missing",
  "registry.example.com:5000/macos/runner:odd",
  "registry.example.com/macos/runner@sha256:short",
  "registry.example.com/../../macos:latest",
  "nothing",
  "",
])("nothing is told of %j", async (reference) => {
  expect(await of(reference)).toBeUndefined();
});
