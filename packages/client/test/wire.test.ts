import { readFileSync } from "node:fs";
import type * as shared from "@tartfleet/shared";
import { expect, expectTypeOf, test } from "vitest";
import { wireTypes } from "../scripts/wire-types.ts";
import type * as wire from "../src/wire.ts";

test("the types of the wire are made from the schemas as they are now; else: pnpm build in packages/client", async () => {
  expect(readFileSync(new URL("../src/wire.ts", import.meta.url), "utf8")).toBe(await wireTypes());
});

// The other way round only what is optional differs: zod lets it be undefined, too.
test("they are the types that zod gives", () => {
  expectTypeOf<wire.VmRecord>().toExtend<shared.VmRecord>();
  expectTypeOf<wire.VmPage>().toExtend<shared.VmPage>();
  expectTypeOf<wire.VmEvent>().toExtend<shared.VmEvent>();
  expectTypeOf<wire.CreateVm>().toExtend<shared.CreateVmInput>();
  expectTypeOf<wire.Capacity>().toExtend<shared.Capacity>();
  expectTypeOf<wire.Explanation>().toExtend<shared.Explanation>();
  expectTypeOf<wire.Host>().toExtend<shared.HostRecord>();
  expectTypeOf<wire.Image>().toExtend<shared.ImageRecord>();
  expectTypeOf<wire.Pool>().toExtend<shared.PoolRecord>();
  expectTypeOf<wire.Board>().toExtend<shared.Board>();
  expectTypeOf<wire.Problem>().toExtend<shared.Problem>();
});
