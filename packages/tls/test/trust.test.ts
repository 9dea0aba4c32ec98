import { expect, test } from "vitest";
import { isLoopback, mayNotBePlain, trustFor } from "../src/index.ts";

const PLAIN = `tartfleet_0123456789ab_${"s".repeat(43)}`;
const PIN = "p".repeat(43);
const PINNED = `${PLAIN}.${PIN}`;
const settings = { url: "https://fleet.example.com", token: PINNED, insecure: false };

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["localhost", true],
  ["fleet.localhost", true],
  ["::1", true],
  ["[::1]", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.0.0.1.example.com", false],
  ["localhost.example.com", false],
  ["notlocalhost", false],
])("%s is this machine: %s", (host, expected) => expect(isLoopback(host)).toBe(expected));

test("plain text leaves this machine only when that was typed", () => {
  expect(mayNotBePlain("http://fleet.example.com", false)).toBe(true);
  expect(mayNotBePlain("http://fleet.example.com", true)).toBe(false);
  expect(mayNotBePlain("http://[::1]:7337", false)).toBe(false);
  expect(mayNotBePlain("https://fleet.example.com", false)).toBe(false);
});

test("a token says whom to trust, and a damaged one nothing", () => {
  expect(trustFor(settings)).toEqual({ pin: PIN, ca: undefined });
  expect(trustFor({ ...settings, token: PLAIN, ca: "PEM" })).toEqual({ pin: undefined, ca: "PEM" });
  expect(trustFor({ ...settings, token: "of.another.maker" })).toEqual({ pin: undefined, ca: undefined });
  for (const token of [PINNED.slice(0, -1), `${PLAIN}.`, PLAIN.slice(0, -1)]) {
    expect(trustFor({ ...settings, token })).toEqual({ refused: expect.stringContaining("damaged") });
  }
});

test("a token that says whom to trust is not sent where nobody can be told from another", () => {
  const plain = { ...settings, url: "http://127.0.0.1:7337" };
  expect(trustFor(plain)).toEqual({ refused: expect.stringContaining("use https://") });
  expect(trustFor({ ...plain, insecure: true })).toEqual({ pin: PIN, ca: undefined });
});
