import { expect, test } from "vitest";
import { hostsFor } from "../src/hosts/filter.ts";
import { aBoardHost } from "./support/a-board.ts";

const hosts = [
  aBoardHost({ name: "well", labels: { rack: "a" } }),
  aBoardHost({ name: "old", agentIsBehind: true }),
  aBoardHost({ name: "closed", condition: "cordoned", by: "breaker" }),
  aBoardHost({ name: "silent", condition: "unreachable", labels: { rack: "a" } }),
];

test("what somebody should look at comes first", () => {
  expect(hostsFor(hosts, {}).map(({ name }) => name)).toEqual(["silent", "closed", "old", "well"]);
});

test("hosts are narrowed by what is the matter, by name and by label", () => {
  expect(hostsFor(hosts, { state: "breaker" }).map(({ name }) => name)).toEqual(["closed"]);
  expect(hostsFor(hosts, { state: "open", name: "ol" }).map(({ name }) => name)).toEqual(["old"]);
  expect(hostsFor(hosts, { label: "rack=a" }).map(({ name }) => name)).toEqual(["silent", "well"]);
  // While it is typed it asks for nothing.
  expect(hostsFor(hosts, { label: "rac" })).toHaveLength(4);
});
