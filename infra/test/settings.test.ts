import { expect, test } from "vitest";
import { parseSettings, readSettings, SettingsError } from "../src/settings.ts";
import { example } from "./support.ts";

const mistakesIn = (value: unknown): string => {
  try {
    parseSettings(value);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
};

test("the example is one", () => {
  expect(mistakesIn(example())).toBe("");
});

test.each([
  ["account", "1234", "account: must be the account's 12 digits"],
  ["region", "Frankfurt", "region: must be a region"],
  [
    "network",
    { cidr: "10.0.0.0/16", availabilityZones: ["us-east-1a"] },
    "availabilityZones.0: is not in eu-central-1",
  ],
  [
    "network",
    { vpcId: "vpc-0123456789abcdef0", availabilityZones: ["eu-central-1a"], privateSubnetIds: [] },
    "network",
  ],
  ["macs", { instanceType: "mac1.metal", hosts: [] }, "Intel"],
  ["macs", { instanceType: "mac2.metal", iops: 3000, throughputMiBps: 1000, hosts: [] }, "a quarter of iops"],
  [
    "macs",
    { instanceType: "mac2.metal", hosts: [{ name: "mac-1", availabilityZone: "eu-central-1c" }] },
    "hosts.0.availabilityZone: is none of network.availabilityZones",
  ],
  [
    "macs",
    {
      instanceType: "mac2.metal",
      hosts: [1, 2].map(() => ({ name: "mac-1", availabilityZone: "eu-central-1a" })),
    },
    "mac-1 is there twice",
  ],
  ["macs", { instanceType: "mac2.metal", hosts: [], colour: "blue" }, "colour"],
])("a mistake in %s says where it is and what is right", (field, value, said) => {
  expect(mistakesIn({ ...example(), [field]: value })).toContain(said);
});

test("all mistakes are told at once", () => {
  const said = mistakesIn({ ...example(), account: "x", region: "y" });
  expect(said).toContain("account:");
  expect(said).toContain("region:");
});

test("a file that is not there says how to begin", () => {
  expect(() => readSettings("/nowhere/fleet.json")).toThrow("copy of fleet.example.json");
});
