import type { ImageWork } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextImageStep, type ImageStepInput } from "../../src/reconcile/image-step.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const input = (parts: Partial<ImageStepInput>): ImageStepInput => ({
  work: null,
  assignments: [],
  instanceDigests: [],
  images: [],
  isVmPulling: false,
  hasFailed: () => false,
  ...parts,
});
const pull = (...references: string[]): ImageWork => ({
  pull: references.map((reference) => ({ reference, grant: 1 })),
  remove: [],
});

test("what is missing is fetched in its order, but not while an instance fetches its own image", () => {
  const asked = { work: pull("x/a:1", "x/b:1"), images: [{ reference: "x/a:1" }] };
  expect(nextImageStep(input(asked))).toEqual({ kind: "pull", reference: "x/b:1", grant: 1 });
  expect(nextImageStep(input({ ...asked, isVmPulling: true }))).toEqual({ kind: "rest" });
  expect(nextImageStep(input({ ...asked, hasFailed: () => true }))).toEqual({ kind: "rest" });
});

test("a name that stands for another digest by now is left where it is", () => {
  const work = { pull: [], remove: [{ reference: "x/a:1", digest: digest("a"), grant: 7 }] };
  const listed = (letter: string) => [{ reference: "x/a:1", digest: digest(letter) }];
  expect(nextImageStep(input({ work, images: listed("b") }))).toEqual({ kind: "rest" });
  expect(nextImageStep(input({ work, images: listed("a") }))).toMatchObject({ kind: "remove" });
});

test("what an instance was made from stays, though nobody asks for that any more", () => {
  const work = { pull: [], remove: [{ reference: `x/a@${digest("a")}`, grant: 7 }] };
  const images = [{ reference: `x/a@${digest("a")}` }];
  expect(nextImageStep(input({ work, images, instanceDigests: [digest("a")] }))).toEqual({ kind: "rest" });
  expect(nextImageStep(input({ work, images, instanceDigests: [digest("b")] }))).toMatchObject({
    kind: "remove",
  });
});

test("nothing is removed that an instance has or is to have, under whatever name, nor what is not named", () => {
  const letters = ["a", "b", "c"] as const;
  const names = letters.flatMap((letter) => [`x/i:${letter}`, `x/i@${digest(letter)}`]);
  const image = fc.constantFrom(...names, "x/i");
  const digestOf = (reference: string) => {
    const letter = reference === "x/i" ? "" : (reference.at(-1) ?? "");
    return letter === "" ? undefined : digest(letter);
  };
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...names, "x/i:latest")),
      fc.array(image),
      fc.uniqueArray(fc.constantFrom(...names, "x/i:latest")),
      fc.uniqueArray(fc.constantFrom(...names)),
      (listed, wanted, remove, pulls) => {
        const images = listed.map((reference) => ({
          reference,
          digest: reference === "x/i:latest" ? digest("a") : digestOf(reference),
        }));
        const step = nextImageStep(
          input({
            work: { ...pull(...pulls), remove: remove.map((reference) => ({ reference, grant: 1 })) },
            assignments: wanted.map((name) => ({ image: name, want: "running" })),
            images,
          }),
        );
        if (step.kind !== "remove") return;
        expect(remove).toContain(step.reference);
        expect(listed).toContain(step.reference);
        const gone = images.find(({ reference }) => reference === step.reference)?.digest;
        for (const name of [...wanted, ...pulls]) {
          const full = name === "x/i" ? "x/i:latest" : name;
          expect(full).not.toBe(step.reference);
          const needed = images.find(({ reference }) => reference === full)?.digest;
          if (needed !== undefined) expect(needed).not.toBe(gone);
        }
      },
    ),
  );
});
