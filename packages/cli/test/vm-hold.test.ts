import { expect, test } from "vitest";
import { addVm, documentOf, fleet } from "./support/fixture.ts";

test("vm hold says until when, for whom and why, vm get shows it, and vm unhold ends it", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.walk(id, "assigned", "ready");
  const held = await cli.tartfleet("vm", "hold", id, "30m", "--reason", "to look at the simulator");
  expect(held.code).toBe(0);
  expect(held.stdout).toContain("by token ana (ana0): to look at the simulator");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ forSeconds: 1800, reason: "to look at the simulator" });
  const { stdout } = await cli.tartfleet("vm", "get", id);
  expect(stdout).toMatch(/held +until /);

  const unheld = await cli.tartfleet("--json", "vm", "unhold", id);
  expect(documentOf(unheld)["hold"]).toBeNull();
  expect((await cli.tartfleet("vm", "unhold", id)).stdout).toContain("nobody holds it");
});

test("vm hold wants to know for how long", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  expect((await cli.tartfleet("vm", "hold", id)).code).toBe(64);
  expect((await cli.tartfleet("vm", "hold", id, "soon")).stderr).toContain("must be a duration");
  expect((await cli.tartfleet("vm", "hold", id, "5s")).code).toBe(64);
});
