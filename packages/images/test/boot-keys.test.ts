import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { keyProblems, typedTexts } from "../src/check/boot-keys.ts";

test.each([
  ["<wait10s><tab>Sharing<enter>", []],
  ["<wait><wait5><wait1m20s><wait 'Time Zone|UTC'><click 'Agree'>", []],
  ["<waitForText 'hello'>", ["there is no key <waitForText 'hello'>"]],
  ["<wait10x>", ["there is no key <wait10x>"]],
  ['<wait "Siri">', ['there is no key <wait "Siri">']],
  ["<wait 'Si(ri'>", ["<wait 'Si(ri'>: no regular expression"]],
  ["<leftShiftOn><tab>", ["leftShift is never let go"]],
  ["<leftShiftOff>", ["<leftShiftOff> lets go of a key that nobody holds"]],
  ["<tab><tab", ["a < or > has no partner"]],
])("%s", (text, problems) => {
  expect(keyProblems(text)).toEqual(problems);
});

test("whatever is put together from the plugin's words is fine", () => {
  const words = constantFrom(
    "<tab>",
    "<wait10s>",
    "<leftCtrlOn>x<leftCtrlOff>",
    "admin",
    "<click 'OK'>",
    "<f5>",
  );
  assert(property(array(words), (some) => keyProblems(some.join("")).length === 0));
});

test("comments are not typed, nor are the texts of what types nothing", () => {
  expect(typedTexts('boot_command = [\n  # "<typo>"\n  "<tab>${local.next}",\n]\n')).toEqual(["<tab>"]);
  expect(typedTexts('description = "Xcode_<version>.xip"\n')).toEqual([]);
});
