import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bootParts } from "../src/user-data.ts";

describe("user data", () => {
  const script = '#!/bin/bash\n# what it is\necho "$PLACE"\n';

  test("is a script with its variables, and the word to run it at every boot", () => {
    const text = bootParts(script, { PLACE: "s3://here" });
    expect(text).toContain("  - [scripts-user, always]");
    expect(text).toContain("#!/bin/bash\nexport PLACE='s3://here'\n# what it is\n");
    expect(text.match(/^--tartfleet-boot(--)?$/gm)).toHaveLength(3);
  });

  test("fits into what EC2 takes, with room for addresses", () => {
    const boot = readFileSync(new URL("../boot/control-plane.sh", import.meta.url), "utf8");
    expect(bootParts(boot, { SOURCE: "s".repeat(200) }).length).toBeLessThan(16_384 * 0.75);
  });
});
