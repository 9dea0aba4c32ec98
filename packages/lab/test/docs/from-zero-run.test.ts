import { expect, test } from "vitest";
import { useLab } from "../support/use-lab.ts";
import { carryOut } from "./from-zero/carry-out.ts";
import { PAGES } from "./from-zero/pages.ts";

/** The public image that the pages begin with. */
const IMAGE = "ghcr.io/cirruslabs/macos-sequoia-base:latest";

const lab = useLab({
  hosts: 2,
  sim: () => ({
    images: [{ name: IMAGE.replace(":latest", ""), compressedGB: 0.1 }],
    cached: [IMAGE],
  }),
});

test.each(PAGES)("what $name marks as run can be done, in its order", async ({ blocks }) => {
  const marked = blocks.filter(({ mark }) => mark === "run");
  expect(marked.length).toBeGreaterThan(0);
  const { exitCode, output } = await carryOut(marked, { url: lab.fleet.url(), token: lab.fleet.adminToken });
  expect(exitCode, output).toBe(0);
});
