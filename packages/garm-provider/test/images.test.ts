import { expect, test } from "vitest";
import { ProviderFailure } from "../src/failure.ts";
import { requireAllowed } from "../src/images.ts";

test.each([
  ["ghcr.io/org/*", "ghcr.io/org/macos:15", true],
  ["ghcr.io/org/*", "ghcr.io/org/deep/macos:15", false],
  ["ghcr.io/org/**", "ghcr.io/org/deep/macos:15", true],
  ["ghcr.io/org/*", "ghcrxio/org/macos:15", false],
  ["channel:*", "channel:xcode-16", true],
  ["ghcr.io/org/macos:15", "ghcr.io/org/macos:15-evil", false],
])("%s allows %s: %s", (pattern, image, isAllowed) => {
  const ask = () => requireAllowed(image, ["none", pattern]);
  if (isAllowed) ask();
  else expect(ask).toThrow(ProviderFailure);
});
