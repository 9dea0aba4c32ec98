import { hostRecordSchema, type Finding } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { FACTS, startFleet } from "../support/fleet.ts";

const locked: Finding = {
  code: "keychain",
  state: "error",
  message: "The login keychain is locked.",
  cure: "security unlock-keychain login.keychain",
};

test("what a host's doctor finds is in its record, is kept over a restart, and closes no host", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const record = () => hostRecordSchema.parse(fleet.useCases.getHost("mac-1"));
  await mac.hello();
  expect(record().facts).not.toHaveProperty("findings");

  const facts = { ...FACTS, findings: [locked] };
  await fleet.useCases.agent.heartbeat(mac.host, mac.epoch, { facts });
  expect(record().facts?.findings).toEqual([locked]);
  expect(record().cordon).toBeNull();
  expect(fleet.state(await fleet.create())).toBe("assigned");

  await fleet.restart();
  expect(record().facts?.findings).toEqual([locked]);
  await mac.hello({ findings: [] });
  expect(record().facts?.findings).toEqual([]);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
