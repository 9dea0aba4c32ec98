import { boardSchema, BOARD_SLOT_STATES } from "@tartfleet/shared";
import * as fc from "fast-check";
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { Style } from "../../src/output/style.ts";
import { matching, told } from "../../src/top/board.ts";
import { draw, type Look } from "../../src/top/draw.ts";
import { pressed } from "../../src/top/keys.ts";
import { boardHost, boardOf } from "../support/board.ts";
import { fromSchema } from "../support/from-schema.ts";

const style: Style = {
  colors: picocolors.createColors(false),
  width: 80,
  terminal: true,
  now: Date.parse("2026-01-01T00:05:00Z"),
};
const LOOK: Look = { filter: "", isTyping: false, scroll: 0, trouble: undefined };
const many = (amount: number) => Array.from({ length: amount }, (_, n) => boardHost(`mac-${n + 1}`));

test("whatever is on the board and however large the terminal, the picture fits it", () => {
  const size = fc.record({
    columns: fc.integer({ min: 40, max: 250 }),
    rows: fc.integer({ min: 12, max: 80 }),
  });
  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("\u001b[2J", "a\nb", "x".repeat(200)));
  const fleets = fc.array(fromSchema(boardSchema.shape.hosts.element, text), { maxLength: 60 });
  fc.assert(
    fc.property(fleets, size, fc.nat(100), (hosts, terminal, scroll) => {
      const fleet = told(undefined, boardOf(hosts));
      const { lines } = draw(fleet, { ...LOOK, scroll }, terminal, style);
      expect(lines.length).toBeLessThanOrEqual(terminal.rows);
      for (const line of lines) {
        // oxlint-disable-next-line no-control-regex -- they are what is looked for
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    }),
    { numRuns: 60 },
  );
});

describe("the fleet as it is told", () => {
  test("a whole board replaces what was known, a part of one changes it", () => {
    const first = told(undefined, boardOf([boardHost("mac-10"), boardHost("mac-2")]));
    expect(first.hosts.map(({ name }) => name)).toEqual(["mac-2", "mac-10"]);
    const part = {
      ...boardOf([boardHost("mac-2", { condition: "cordoned" })]),
      whole: false,
      removed: ["mac-10"],
    };
    expect(told(first, part).hosts).toEqual([boardHost("mac-2", { condition: "cordoned" })]);
    expect(told(first, boardOf([])).hosts).toEqual([]);
  });

  test("a filter finds hosts by name, label, and what runs there", () => {
    const vm = {
      id: "aaaabbbbccccdddd",
      name: "build-1",
      team: "ios",
      image: "ghcr.io/org/image:15",
      state: "ready" as const,
    };
    const busy = boardHost("mac-1", { slots: [{ slot: 0, state: "busy", vm }] });
    const hosts = [busy, boardHost("mac-2", { labels: { rack: "b4" } })];
    for (const found of ["MAC-1", "ios", "image:15", "ready", "build"])
      expect(matching(hosts, found)).toEqual([busy]);
    expect(matching(hosts, "rack=b4")).toEqual([hosts[1]]);
    expect(matching(hosts, " ")).toBe(hosts);
  });
});

test("each state of a slot can be told from the others without colours", () => {
  const states = BOARD_SLOT_STATES.map((state) =>
    boardHost(state, { slots: [{ slot: 0, state, vm: null }] }),
  );
  const { lines } = draw(told(undefined, boardOf(states)), LOOK, { columns: 200, rows: 30 }, style);
  const legend = lines[2] ?? "";
  expect(new Set(BOARD_SLOT_STATES.map((state) => legend.split(` 1 ${state}`)[0]?.at(-1))).size).toBe(
    BOARD_SLOT_STATES.length,
  );
});

test("a thousand hosts are scrolled through to the last, and no further", () => {
  const fleet = told(undefined, boardOf(many(1000)));
  const size = { columns: 80, rows: 24 };
  let look: Look = LOOK;
  let picture = draw(fleet, look, size, style);
  const press = (name: string) => {
    const next = pressed(look, { name }, picture);
    if ("exit" in next) throw new Error("it ended");
    look = next;
    picture = draw(fleet, look, size, style);
  };
  press("pagedown");
  expect(picture.lines.join("\n")).not.toContain("mac-1 ");
  press("end");
  expect(picture.lines.join("\n")).toContain("mac-1000");
  const last = look.scroll;
  press("down");
  expect(look.scroll).toBe(last);
  press("home");
  press("up");
  expect(look.scroll).toBe(0);
  expect(picture.lines).toHaveLength(24);
});

test("a filter is typed, corrected, kept and taken away", () => {
  const look = ["/", "m", "x", "\u007f", "c", "\r"].reduce<Look>((before, sequence) => {
    const names: Record<string, string> = { "\u007f": "backspace", "\r": "return" };
    const after = pressed(before, { name: names[sequence], sequence }, { matrixRows: 1, page: 1 });
    if ("exit" in after) throw new Error("it ended");
    return after;
  }, LOOK);
  expect(look).toMatchObject({ filter: "mc", isTyping: false });
  expect(
    pressed({ ...look, isTyping: true }, { name: "q", sequence: "q" }, { matrixRows: 1, page: 1 }),
  ).toMatchObject({
    filter: "mcq",
  });
  expect(pressed(look, { name: "escape" }, { matrixRows: 1, page: 1 })).toMatchObject({ filter: "" });
  expect(pressed(look, { name: "c", ctrl: true }, { matrixRows: 1, page: 1 })).toEqual({ exit: "interrupt" });
});
