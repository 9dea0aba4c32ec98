import { expect, test } from "vitest";
import { hiddenSlots, NO_HIDDEN_SLOTS, slotRefused, slotsProved } from "../../src/reconcile/hidden-slots.ts";

test("what macOS refuses and nobody sees is believed for a while, longer each time", () => {
  const once = slotRefused(NO_HIDDEN_SLOTS, 1, 0);
  expect([hiddenSlots(once, 0), hiddenSlots(once, 299_999), hiddenSlots(once, 300_000)]).toEqual([1, 1, 0]);
  const twice = slotRefused(once, 0, 300_000);
  expect([hiddenSlots(twice, 899_999), hiddenSlots(twice, 900_000)]).toEqual([2, 0]);
});

test("a VM that runs in it proves it free", () => {
  const refused = slotRefused(NO_HIDDEN_SLOTS, 0, 0);
  expect(hiddenSlots(slotsProved(refused, 1), 1)).toBe(1);
  expect(hiddenSlots(slotsProved(refused, 2), 1)).toBe(0);
  expect(slotsProved(refused, 0)).toBe(refused);
});

test("two that are seen running hide nothing", () => {
  expect(hiddenSlots(slotRefused(NO_HIDDEN_SLOTS, 2, 0), 0)).toBe(0);
});
