import { setPoolSchema, WEEKDAYS, type PoolRecord, type PoolWindow } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { auditQueryOf, isoOf, localOf } from "../src/audit/filter.ts";
import { draftOf, poolIn } from "../src/pools/draft.ts";
import { DAYS, windowText } from "../src/pools/window-text.ts";
import { standingOf } from "../src/tokens/standing.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

test("a token works until it is revoked, has expired or is used up", () => {
  const token = { revokedAt: null, expiresAt: null, enrolment: null };
  expect(standingOf(token, NOW)).toBe("valid");
  expect(standingOf({ ...token, expiresAt: "2026-03-01T12:00:01Z" }, NOW)).toBe("valid");
  expect(standingOf({ ...token, expiresAt: "2026-03-01T12:00:00Z" }, NOW)).toBe("expired");
  expect(standingOf({ ...token, revokedAt: "2026-03-01T11:00:00Z" }, NOW)).toBe("revoked");
  const enrolment = (uses: number, maxUses: number | null) => ({
    ...token,
    enrolment: { uses, maxUses, hostLabels: {} },
  });
  expect(standingOf(enrolment(1, 2), NOW)).toBe("valid");
  expect(standingOf(enrolment(2, 2), NOW)).toBe("used up");
  expect(standingOf(enrolment(99, null), NOW)).toBe("valid");
});

test("what the log is asked for is only what it can be asked", () => {
  expect(auditQueryOf({})).toEqual({ order: "newest" });
  expect(auditQueryOf({ actor: "host mac-1", since: "2026-03-01T12:00Z" })).toEqual({
    order: "newest",
    actor: "host mac-1",
    since: "2026-03-01T12:00:00.000Z",
  });
  expect(auditQueryOf({ actor: "", since: "yesterday" })).toEqual({ order: "newest" });
});

test("a time in a field is the same time in the address", () => {
  const minutes = fc.integer({ min: 0, max: 40_000_000 });
  fc.assert(
    fc.property(minutes, (minute) => {
      const iso = new Date(minute * 60_000).toISOString();
      const local = localOf(iso);
      // Of the hour that comes twice in autumn the field knows one.
      expect(localOf(isoOf(local))).toBe(local);
    }),
  );
  expect(localOf(undefined)).toBe("");
  expect(isoOf("")).toBe("");
});

test("windows are told by runs of days", () => {
  const window = (days: PoolWindow["days"], parts: Partial<PoolWindow> = {}): PoolWindow => ({
    days,
    from: "07:00",
    to: "19:00",
    ...parts,
  });
  expect(windowText(window(["mon", "tue", "wed", "thu", "fri"]))).toBe("Mon–Fri 07:00–19:00");
  expect(windowText(window(["sun", "sat"], { minIdle: 1 }))).toBe("Sat, Sun 07:00–19:00: 1 VM");
  expect(windowText(window(["wed", "mon", "tue", "sun"], { to: "02:00" }))).toBe(
    "Mon–Wed, Sun 07:00–02:00 the next day",
  );
  expect(DAYS).toEqual(WEEKDAYS);
});

test("a pool that nobody changed is written as it is", () => {
  const pool = setPoolSchema.parse({
    image: "channel:stable",
    minIdle: 2,
    max: 5,
    cpu: 4,
    run: { softnet: true },
    hostLabels: { rack: "a" },
    schedule: {
      timeZone: "Europe/Berlin",
      windows: [{ days: ["mon"], from: "07:00", to: "19:00", minIdle: 3 }],
    },
  });
  const record = { name: "p", memoryMiB: null, diskGiB: null, ...pool } as unknown as PoolRecord;
  expect(setPoolSchema.parse(poolIn(draftOf(record), record))).toEqual(pool);
});

test("a new pool asks for what is written and leaves the rest to the control plane", () => {
  const draft = { ...draftOf(), image: " registry.example.com/a:1 ", minIdle: 0 };
  expect(poolIn(draft)).toEqual({
    image: "registry.example.com/a:1",
    os: "macos",
    minIdle: 0,
    maxAgeMinutes: 1440,
    hostLabels: {},
    schedule: null,
  });
  expect(poolIn({ ...draft, labels: ["rack"] })).toBeUndefined();
});
