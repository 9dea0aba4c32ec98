import * as fc from "fast-check";
import { expect, test } from "vitest";
import { matchesImage } from "../src/index.ts";

const REGISTRY = ["ghcr.io/org/*", "channel:*", "ecr.example.com:5000/**"];

test.each([
  ["ghcr.io/org/macos:15", true],
  ["ghcr.io/org/macos@sha256:aa", true],
  ["channel:xcode-16", true],
  ["ecr.example.com:5000/a/b/c:1", true],
  ["ghcr.io/org/sub/macos:15", false],
  ["ghcr.io/organisation/macos:15", false],
  ["ghcrXio/org/macos:15", false],
  ["evil.example.com/ghcr.io/org/macos", false],
  ["ghcr.io/org/macos:15\nghcr.io/org/macos", false],
])("%s may be had: %s", (image, isAllowed) => {
  expect(REGISTRY.some((pattern) => matchesImage(pattern, image))).toBe(isAllowed);
});

test("a pattern without stars stands for itself alone, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const pattern = one.replaceAll("*", "");
      expect(matchesImage(pattern, pattern)).toBe(true);
      if (other !== pattern) expect(matchesImage(pattern, other)).toBe(false);
    }),
  );
});
