import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chooseImage, matches } from "../src/images.ts";

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
  expect(REGISTRY.some((pattern) => matches(pattern, image))).toBe(isAllowed);
});

test("a pattern without stars stands for itself alone, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const pattern = one.replaceAll("*", "");
      expect(matches(pattern, pattern)).toBe(true);
      if (other !== pattern) expect(matches(pattern, other)).toBe(false);
    }),
  );
});

test("a job without image: gets the default, or is told what there is", () => {
  const images = ["ghcr.io/org/*"];
  expect(chooseImage(undefined, { images, defaultImage: "channel:stable" })).toBe("channel:stable");
  expect(() => chooseImage(undefined, { images })).toThrow("This runner has ghcr.io/org/*.");
  expect(() => chooseImage("docker.io/library/ruby", { images })).toThrow("not one that this runner may use");
});
