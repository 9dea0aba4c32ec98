import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { startFleet } from "../support/fleet.ts";

test("an agent that is behind is shown, and its upgrade touches no VM", async () => {
  const fleet = await startFleet();
  const { version } = packageJson;
  const mac = await fleet.host("mac-1", { agentVersion: "0.0.9" });
  await fleet.host("mac-2", { agentVersion: version });
  await fleet.host("mac-3", { agentVersion: "1000.10.0" });
  const behind = () =>
    fleet.useCases.listHosts().flatMap(({ name, agentIsBehind }) => (agentIsBehind ? [name] : []));
  expect(behind()).toEqual(["mac-1"]);

  const ids = [await fleet.create(), await fleet.create(), await fleet.create()];
  await mac.bringUpAll();
  const before = ids.map((id) => fleet.useCases.getVm(id));
  expect(before.some(({ state, host }) => state === "ready" && host === "mac-1")).toBe(true);
  await mac.hello({ agentVersion: version });
  expect(behind()).toEqual([]);
  expect(ids.map((id) => fleet.useCases.getVm(id))).toEqual(before);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
