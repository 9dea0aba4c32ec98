import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFrame, encodeFrame, TUNNEL_FAILURES, type Frame } from "../src/index.ts";

const bytes = fc.uint8Array({ maxLength: 2000 });
const size = fc.record({
  columns: fc.integer({ min: 1, max: 10_000 }),
  rows: fc.integer({ min: 1, max: 10_000 }),
});
const open = fc.record(
  {
    version: fc.integer({ min: 1, max: 9 }),
    argv: fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }),
    terminal: fc
      .tuple(size, fc.string({ maxLength: 64 }))
      .map(([of, term]) => Object.assign({}, of, { term })),
    follow: fc.boolean(),
  },
  { requiredKeys: ["version"] },
);
const failure = fc.record({
  code: fc.constantFrom(...TUNNEL_FAILURES),
  message: fc.string({ unit: "grapheme", maxLength: 200 }),
});
const frames: fc.Arbitrary<Frame> = fc.oneof(
  open.map((said): Frame => ({ kind: "open", open: said })),
  fc
    .tuple(fc.constantFrom("input" as const, "output" as const, "error_output" as const), bytes)
    .map(([kind, carried]): Frame => ({ kind, bytes: carried })),
  fc
    .constantFrom("input_end" as const, "opened" as const, "output_end" as const)
    .map((kind): Frame => ({ kind })),
  size.map((to): Frame => ({ kind: "resize", size: to })),
  fc.integer({ min: 0, max: 255 }).map((code): Frame => ({ kind: "exit", code })),
  failure.map((what): Frame => ({ kind: "failed", failure: what })),
);

describe("a frame", () => {
  test("arrives as it was said", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
      }),
    );
  });

  test("carries bytes as they are, and one more", () => {
    fc.assert(
      fc.property(bytes, (carried) => {
        const message = encodeFrame({ kind: "output", bytes: carried });
        expect(message.length).toBe(carried.length + 1);
        expect(message.subarray(1)).toEqual(carried);
      }),
    );
  });

  test("is never taken for another, whatever comes: it is read, left out, or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const read = decodeFrame(message);
        if (typeof read === "string") {
          expect(read).toBe(isKnown(message[0]) || message.length === 0 ? "malformed" : "unknown");
          return;
        }
        expect(decodeFrame(encodeFrame(read))).toEqual(read);
      }),
    );
    expect(decodeFrame(new Uint8Array([0x7f, 1, 2]))).toBe("unknown");
    expect(decodeFrame(encodeFrame({ kind: "exit", code: 300 }))).toBe("malformed");
  });
});

function isKnown(type: number | undefined): boolean {
  return type !== undefined && ((type >= 1 && type <= 4) || (type >= 0x11 && type <= 0x16));
}
