import * as fc from "fast-check";
import { expect, test } from "vitest";
import { makeProofReader } from "../../src/guest/proof.ts";

const TOKEN = "0a1b";
/** Output that often looks like the beginning of a proof. */
const output = fc
  .array(fc.constantFrom("\n", "0", "a", "1", "b", " ", "\n0a1", "\n0a1b", "text"), { maxLength: 30 })
  .map((parts) => parts.join(""));

/** Cuts a text at the given places. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
  return [...at, text.length].map((end, index) => Buffer.from(text.slice(at[index - 1] ?? 0, end)));
}

function read(parts: readonly Buffer[]) {
  const proof = makeProofReader(TOKEN);
  const passed = parts.map((part) => Buffer.from(proof.push(part)));
  passed.push(Buffer.from(proof.rest()));
  return { text: Buffer.concat(passed).toString(), exitCode: proof.exitCode() };
}

test("a proof is taken out of the stream however it is cut, and nothing else is", () => {
  const isProof = /\n0a1b \d{1,3}\n/;
  fc.assert(
    fc.property(output, fc.nat(255), output, fc.array(fc.nat()), (before, code, after, cuts) => {
      fc.pre(!isProof.test(before) && !`${before}\n0a1b ${code}`.slice(0, -1).match(isProof));
      fc.pre(`${before}\n0a1b ${code}\n`.search(isProof) === before.length);
      const said = read(pieces(`${before}\n0a1b ${code}\n${after}`, cuts));
      expect(said).toEqual({ text: before + after, exitCode: code });
    }),
  );
});

test("without a proof everything goes through, and there is no exit code", () => {
  fc.assert(
    fc.property(output, fc.array(fc.nat()), (text, cuts) => {
      fc.pre(!/\n0a1b \d{1,3}\n/.test(text));
      expect(read(pieces(text, cuts))).toEqual({ text, exitCode: undefined });
    }),
  );
});

test("a prompt is not held back", () => {
  const proof = makeProofReader(TOKEN);
  expect(Buffer.from(proof.push(Buffer.from("Password: "))).toString()).toBe("Password: ");
});
