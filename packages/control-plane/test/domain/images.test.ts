import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listImages as imagesWithTimes } from "../../src/domain/images.ts";

const listImages = (hosts: Parameters<typeof imagesWithTimes>[0]) => imagesWithTimes(hosts, () => []);
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (reference: string, letter?: string, sizeGiB = 40) => ({
  reference,
  sizeGiB,
  ...(letter === undefined ? {} : { digest: digest(letter) }),
});

test("a name is listed once, with what it stands for and where", () => {
  const images = listImages([
    { name: "mac-1", images: [image("x/a:1", "a"), image(`x/a@${digest("a")}`, "a")], pulls: [] },
    { name: "mac-2", images: [image("x/a:1", "a", 41), image("x/b:1")], pulls: [] },
  ]);
  expect(images).toEqual([
    {
      reference: "x/a:1",
      hosts: 2,
      sizeGiB: 41,
      digests: [{ digest: digest("a"), hosts: ["mac-1", "mac-2"] }],
      pulling: [],
      times: [],
      isMixed: false,
    },
    {
      reference: "x/b:1",
      hosts: 1,
      sizeGiB: 40,
      digests: [{ digest: null, hosts: ["mac-2"] }],
      pulling: [],
      times: [],
      isMixed: false,
    },
  ]);
});

test("an image that is there by its digest alone is listed by it", () => {
  const [only] = listImages([{ name: "mac-1", images: [image(`x/a@${digest("a")}`, "a")], pulls: [] }]);
  expect(only?.reference).toBe(`x/a@${digest("a")}`);
});

test("what is being pulled is listed with its bytes, also where no host has it yet", () => {
  const images = listImages([
    { name: "mac-1", images: [image("x/a:1", "a")], pulls: [{ reference: "x/b:1", percent: 10 }] },
    { name: "mac-2", images: [], pulls: [{ reference: "x/a:1", percent: 25, totalBytes: 40_000 }] },
  ]);
  expect(images).toMatchObject([
    {
      reference: "x/a:1",
      hosts: 1,
      pulling: [{ host: "mac-2", percent: 25, bytes: 10_000, totalBytes: 40_000 }],
    },
    {
      reference: "x/b:1",
      hosts: 0,
      sizeGiB: 0,
      digests: [],
      pulling: [{ host: "mac-1", percent: 10, bytes: null, totalBytes: null }],
    },
  ]);
});

test("every host that has a name is counted under it once, whatever the digests", () => {
  const hosts = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("mac-1", "mac-2", "mac-3"),
      images: fc.uniqueArray(
        fc.record({
          reference: fc.constantFrom("x/a:1", "x/b:1"),
          sizeGiB: fc.constant(40),
          digest: fc.constantFrom(digest("a"), digest("b")),
        }),
        { selector: ({ reference }) => reference },
      ),
      pulls: fc.constant<[]>([]),
    }),
    { selector: ({ name }) => name },
  );
  fc.assert(
    fc.property(hosts, (fleet) => {
      for (const record of listImages(fleet)) {
        const having = fleet.filter(({ images }) =>
          images.some(({ reference }) => reference === record.reference),
        );
        expect(record.hosts).toBe(having.length);
        expect(record.digests.flatMap((part) => part.hosts).sort()).toEqual(
          having.map(({ name }) => name).sort(),
        );
      }
    }),
  );
});
