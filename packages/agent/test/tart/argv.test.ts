import { canonicalImage, createVmSchema, instanceName } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { configureVm } from "../../src/tart/configure.ts";
import { ok } from "../../src/tart/result.ts";
import { runArguments } from "../../src/tart/run.ts";

const hostile = fc.oneof(
  fc.constantFrom(
    "-rf",
    "--help",
    "../x",
    "$(id)",
    "`id`",
    ";id",
    "a b",
    "a\nb",
    "a\0b",
    "\u202ea",
    "'",
    '"',
    "*",
    "~",
  ),
  fc.string({ maxLength: 20 }),
);
/** Near what is accepted, so that some of it is. */
const around = (good: string) =>
  fc.oneof(
    fc.constant(good),
    hostile,
    fc.tuple(hostile, fc.nat(good.length)).map(([bad, at]) => good.slice(0, at) + bad + good.slice(at)),
  );

const body = fc.record({
  image: around("ghcr.io/org/image:1.0-x"),
  run: fc.record(
    {
      softnet: fc.boolean(),
      softnetAllow: fc.array(around("10.0.0.0/8"), { maxLength: 2 }),
      softnetBlock: fc.array(around("0.0.0.0/0"), { maxLength: 2 }),
      display: around("1920x1080"),
    },
    { requiredKeys: [] },
  ),
});

it("nothing that is accepted reaches tart as an option, a second word or a path", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(body, async (input) => {
      const parsed = createVmSchema.safeParse(input);
      if (!parsed.success) return;
      accepted += 1;
      const { image, run } = parsed.data;
      let set: readonly string[] = [];
      await configureVm(
        {
          quick: async (args) => {
            set = args;
            return ok("");
          },
          details: async () => ok({ OS: "darwin", Disk: 50 }),
        },
        instanceName("0123456789abcdef", 1),
        { display: run.display },
      );
      const display = set.includes("--display") ? set.slice(set.indexOf("--display") + 1) : [];
      const theirs = [canonicalImage(image) ?? image, ...display];
      for (const word of theirs) expect(word).toMatch(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/);
      for (const word of runArguments("tf-x-1", run)) {
        expect(word).toMatch(/^(run|tf-x-1|--[a-z-]+(=[a-z0-9=.,/@]+)?)$/);
      }
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(50);
});
