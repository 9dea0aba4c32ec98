import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalImage, imageSchema, instanceName, nameSchema, parseInstanceName } from "../src/index.ts";

const lower = fc.string({ unit: fc.constantFrom("a", "b", "z", "0", "7", "9"), minLength: 1, maxLength: 16 });

describe("names", () => {
  test.each(["build-1", "a", "0", "a".repeat(63)])("%s is a name", (name) => {
    expect(nameSchema.safeParse(name).success).toBe(true);
  });

  test.each([
    "",
    "-a",
    "a-",
    "A",
    "a b",
    "a;rm -rf ~",
    "$(id)",
    "`id`",
    "..",
    "../../etc/passwd",
    "a/b",
    "a\nb",
    "a\0b",
    "\u202Ea",
    "a".repeat(64),
    "a".repeat(300),
  ])("%j is refused", (name) => {
    expect(nameSchema.safeParse(name).success).toBe(false);
  });
});

describe("images", () => {
  const digest = `sha256:${"0a".repeat(32)}`;
  test.each([
    ["ghcr.io/cirruslabs/macos-runner:sequoia", "ghcr.io/cirruslabs/macos-runner:sequoia"],
    ["ghcr.io/cirruslabs/macos-runner", "ghcr.io/cirruslabs/macos-runner:latest"],
    ["localhost:5005/macos:1", "localhost:5005/macos:1"],
    [
      `123456789012.dkr.ecr.eu-west-1.amazonaws.com/mac/xcode@${digest}`,
      `123456789012.dkr.ecr.eu-west-1.amazonaws.com/mac/xcode@${digest}`,
    ],
  ])("%s is listed by tart as %s", (reference, listed) => {
    expect(imageSchema.safeParse(reference).success).toBe(true);
    expect(canonicalImage(reference)).toBe(listed);
  });

  test.each([
    "sequoia",
    "",
    "/a/b",
    "ghcr.io/",
    "ghcr.io//a",
    "ghcr.io/Org/image",
    "ghcr.io/org/image:",
    "ghcr.io/org/image:a b",
    "ghcr.io/org/image@sha256:short",
    "ghcr.io/org/../image",
    "https://ghcr.io/org/image",
    "--help/x",
    "a;b/c",
    `ghcr.io/${"a".repeat(600)}`,
  ])("%j is refused", (reference) => {
    expect(imageSchema.safeParse(reference).success).toBe(false);
    if (reference.length < 512) expect(canonicalImage(reference)).toBeUndefined();
  });
});

describe("instance names", () => {
  test("say which VM and attempt they are for, and back", () => {
    fc.assert(
      fc.property(lower, fc.integer({ min: 1, max: 9999 }), (vmId, attempt) => {
        expect(parseInstanceName(instanceName(vmId, attempt))).toEqual({ vmId, attempt });
      }),
    );
  });

  test("anything else is not ours", () => {
    for (const name of [
      "tf-",
      "tf-abc",
      "tf-abc-0",
      "tf-abc-x",
      "my-tf-abc-1",
      "TF-abc-1",
      "tf-ab_c-1",
      "tf-a-b-1x",
    ]) {
      expect(parseInstanceName(name), name).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string(), (name) => {
        const parsed = parseInstanceName(name);
        if (parsed) expect(instanceName(parsed.vmId, parsed.attempt)).toBe(name);
      }),
    );
  });
});
