import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decidePrune, namesOf, needsOf } from "../../../src/domain/images/prune.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const at = (day: number) => `2026-11-${String(day).padStart(2, "0")}T00:00:00.000Z`;

test("the least recently used go first, whole images at a time, until there is room enough", () => {
  const image = (name: string, letter: string, day: number) => ({
    reference: name,
    digest: digest(letter),
    sizeGiB: 40,
    isOurs: true,
    lastUsedAt: at(day),
  });
  const { remove, keep, freeGiB } = decidePrune({
    images: [
      image("x/new:1", "a", 9),
      image("x/old:1", "b", 1),
      image(`x/old@${digest("b")}`, "b", 2),
      image("x/middle:1", "c", 5),
    ],
    freeGiB: 10,
    untilGiB: 60,
    needOf: () => undefined,
    alsoForeign: false,
  });
  expect(remove.map(({ references }) => references)).toEqual([
    ["x/old:1", `x/old@${digest("b")}`],
    ["x/middle:1"],
  ]);
  expect(keep).toMatchObject([{ references: ["x/new:1"], why: "there is room enough" }]);
  expect(freeGiB).toBe(90);
});

test("nothing goes that somebody needs under any of its names, nor what is not ours, nor more than is asked for", () => {
  const letters = ["a", "b", "c", "d"] as const;
  const images = fc.uniqueArray(
    fc.record({
      letter: fc.constantFrom(...letters),
      tag: fc.constantFrom("1", "latest", ""),
      sizeGiB: fc.integer({ min: 1, max: 80 }),
      isOurs: fc.boolean(),
      day: fc.option(fc.integer({ min: 1, max: 28 }), { nil: undefined }),
    }),
    { selector: ({ letter, tag }) => `${letter}${tag}`, maxLength: 12 },
  );
  const name = (letter: string, tag: string) =>
    tag === "" ? `x/${letter}@${digest(letter)}` : `x/${letter}:${tag}`;
  const wanted = fc.array(
    fc.constantFrom(...letters.flatMap((letter) => [`x/${letter}`, name(letter, "1"), name(letter, "")])),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(
      images,
      wanted,
      fc.boolean(),
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 0, max: 300 }),
      (cached, needed, alsoForeign, freeGiB, untilGiB) => {
        const facts = cached.map(({ letter, tag, sizeGiB, isOurs, day }) => ({
          reference: name(letter, tag),
          digest: digest(letter),
          sizeGiB,
          isOurs,
          ...(day === undefined ? {} : { lastUsedAt: at(day) }),
        }));
        const needOf = needsOf(needed.map((reference) => [reference, "needed"]));
        const decision = decidePrune({ images: facts, freeGiB, untilGiB, needOf, alsoForeign });
        const gone = new Set(decision.remove.flatMap(({ references }) => references));
        for (const reference of needed) {
          const full = /[:@]/.test(reference) ? reference : `${reference}:latest`;
          expect(gone).not.toContain(full);
          const there = facts.find((fact) => fact.reference === full);
          for (const fact of facts)
            if (fact.digest === there?.digest) expect(gone).not.toContain(fact.reference);
        }
        if (!alsoForeign)
          for (const fact of facts) if (!fact.isOurs) expect(gone).not.toContain(fact.reference);
        const all = [...decision.remove, ...decision.keep].flatMap(({ references }) => references);
        expect(all.toSorted()).toEqual(facts.map(({ reference }) => reference).toSorted());
        const withoutLast = decision.remove.slice(0, -1).reduce((sum, { sizeGiB }) => sum + sizeGiB, freeGiB);
        if (decision.remove.length > 0) expect(withoutLast).toBeLessThan(untilGiB);
        if (decision.freeGiB < untilGiB)
          expect(decision.keep.every(({ why }) => why !== "there is room enough")).toBe(true);
      },
    ),
  );
});

test("an image is asked for by its tags and by its digest", () => {
  expect(namesOf({ references: ["x/a:1"], digest: digest("a") })).toEqual(["x/a:1", `x/a@${digest("a")}`]);
});
