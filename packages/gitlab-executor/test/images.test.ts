import { expect, test } from "vitest";
import { chooseImage } from "../src/images.ts";

test("a job without image: gets the default, or is told what there is", () => {
  const images = ["ghcr.io/org/*"];
  expect(chooseImage(undefined, { images, defaultImage: "channel:stable" })).toBe("channel:stable");
  expect(() => chooseImage(undefined, { images })).toThrow("This runner has ghcr.io/org/*.");
  expect(() => chooseImage("docker.io/library/ruby", { images })).toThrow("not one that this runner may use");
});
