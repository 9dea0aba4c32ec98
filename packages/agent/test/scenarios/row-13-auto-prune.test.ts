import { expect, test } from "vitest";
import { MACOS, makeSimMac, value } from "../tart/sim-mac.ts";

const OTHER = "registry.example.com/macos/xcode:16";

test("peers §4 row 13: an image that is needed stays when another is pulled and the disk is nearly full", async () => {
  const { signal } = new AbortController();
  // 70 GB are free beside the image, and the other one claims 100: tart by itself would make room.
  await using mac = await makeSimMac({ cached: [MACOS], host: { diskGB: 130 } });
  const { tart } = mac;
  const digest = value(await tart.digest(MACOS));
  await tart.pull(OTHER, { onProgress: () => {}, signal });
  // Before anything is cloned: a clone fetches again what is gone, and nobody would see it.
  const images = value(await tart.listImages());
  expect(images).toContainEqual(expect.objectContaining({ reference: MACOS, digest }));
});

test("peers §4 row 13: an image that is removed to make room is gone under all its names, and no other is", async () => {
  await using mac = await makeSimMac({ cached: [MACOS, OTHER] });
  const { tart } = mac;
  const before = value(await tart.listImages());
  const digest = before.find(({ reference }) => reference === OTHER)?.digest;
  value(await tart.deleteImage(OTHER));
  const left = value(await tart.listImages());
  expect(left.map(({ reference }) => reference)).toContain(MACOS);
  for (const { reference } of left.filter((image) => image.digest === digest)) {
    value(await tart.deleteImage(reference));
  }
  expect(value(await tart.listImages()).filter((image) => image.digest === digest)).toEqual([]);
  value(await tart.deleteImage(OTHER));
});
