import { expect, test } from "vitest";
import { makeBoard } from "../src/fleet/board.ts";
import { aBoardHost, aSummary } from "./support/a-board.ts";

const summary = aSummary({});

test("hosts stand in the order of their names, numbers by their size", () => {
  const board = makeBoard();
  const hosts = ["mac-10", "mac-2", "mac-1"].map((name) => aBoardHost({ name }));
  board.apply({ whole: true, summary, hosts, removed: [] });
  expect(board.hosts.get().map(({ name }) => name)).toEqual(["mac-1", "mac-2", "mac-10"]);
});

test("a change is told to those who look at its host, and to nobody else", () => {
  const board = makeBoard();
  const hosts = ["a", "b", "c"].map((name) => aBoardHost({ name }));
  board.apply({ whole: true, summary, hosts, removed: [] });
  const told: string[] = [];
  for (const { name } of hosts) board.subscribeHost(name, () => told.push(name));

  board.apply({ whole: false, summary, hosts: [aBoardHost({ name: "b", errors: 1 })], removed: [] });
  expect(told).toEqual(["b"]);
  expect(board.host("b")?.errors).toBe(1);
  board.apply({ whole: false, summary, hosts: [], removed: ["c"] });
  expect(told).toEqual(["b", "c"]);
  expect(board.host("c")).toBeUndefined();
});

test("when nothing changed about hosts, their list is the same", () => {
  const board = makeBoard();
  board.apply({ whole: true, summary, hosts: [aBoardHost({})], removed: [] });
  const before = board.hosts.get();
  board.apply({ whole: false, summary: aSummary({ slots: { busy: 2 } }), hosts: [], removed: [] });
  expect(board.hosts.get()).toBe(before);
  expect(board.summary.get()?.slots.busy).toBe(2);
});

test("a whole board, as after a lost connection, drops what it does not have", () => {
  const board = makeBoard();
  board.apply({ whole: true, summary, hosts: [aBoardHost({ name: "old" })], removed: [] });
  let told = 0;
  board.subscribeHost("old", () => (told += 1));
  board.apply({ whole: true, summary, hosts: [aBoardHost({ name: "new" })], removed: [] });
  expect(board.hosts.get().map(({ name }) => name)).toEqual(["new"]);
  expect(told).toBe(1);
});
