import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseToken, writeToken } from "../src/index.ts";

const letters = (alphabet: string, length: number) =>
  fc
    .array(fc.constantFrom(...alphabet.split("")), { minLength: length, maxLength: length })
    .map((parts) => parts.join(""));
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const token = fc.record({
  id: letters("0123456789abcdefghjkmnpqrstvwxyz", 12),
  secret: letters(BASE64URL, 43),
  pin: fc.option(letters(BASE64URL, 43), { nil: undefined }),
});

test("what is written is read again", () => {
  fc.assert(
    fc.property(token, (parts) => {
      expect(parseToken(writeToken(parts))).toEqual(parts);
    }),
  );
});

test("a token that was cut anywhere is none, or one without its pin", () => {
  fc.assert(
    fc.property(token, fc.nat(120), (parts, length) => {
      const text = writeToken(parts);
      const read = parseToken(text.slice(0, length));
      if (length < text.length && read) expect(read).toEqual({ ...parts, pin: undefined });
    }),
  );
});
