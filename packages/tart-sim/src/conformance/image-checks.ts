import { type Bench, hold, need, Skip } from "./bench.ts";
import type { Check } from "./check.ts";
import { withEmptyHome } from "./storage-checks.ts";

function imageOf({ image }: Bench): string {
  if (image === undefined) throw new Skip("needs --image");
  return image;
}

/** Registries and the image cache. */
export const imageChecks: readonly Check[] = [
  {
    number: 20,
    title: "a second pull is told as cached and linked",
    async run(bench) {
      const image = imageOf(bench);
      need(await bench.tart(["pull", image]), 0, { stdout: /^pulling .*\.\.\.\npulling manifest\.\.\.\n/ });
      need(await bench.tart(["pull", image]), 0, { stdout: / image is already cached and linked!\n$/ });
    },
  },
  {
    number: 21,
    title: "clone uses the cache and asks no registry",
    async run(bench) {
      const image = imageOf(bench);
      need(await bench.tart(["pull", image]), 0);
      need(await bench.tart(["clone", image, bench.newName()]), 0, { stdout: "", stderr: "" });
    },
  },
  {
    number: 22,
    title: "fqn needs the image in the cache, and then names its digest",
    async run(bench) {
      const image = imageOf(bench);
      await withEmptyHome(async (env) =>
        need(await bench.tart(["fqn", image], { env }), 1, {
          stdout: "",
          stderr: /^OCI storage error: .* is not a digest and doesn't point to a digest\n$/,
        }),
      );
      need(await bench.tart(["pull", image]), 0);
      need(await bench.tart(["fqn", image]), 0, { stdout: /^\S+@sha256:[0-9a-f]{64}\n$/, stderr: "" });
      need(await bench.tart(["fqn", "some-local-name"]), 0, { stdout: "some-local-name\n" });
    },
  },
  {
    number: 25,
    title: "an empty TART_NO_AUTO_PRUNE keeps every image",
    async run(bench) {
      const image = imageOf(bench);
      need(await bench.tart(["pull", image]), 0);
      const images = async () => (await bench.tart(["list", "--source", "oci", "--quiet"])).stdout;
      const before = await images();
      need(await bench.tart(["clone", image, bench.newName()], { env: { TART_NO_AUTO_PRUNE: "" } }), 0);
      hold((await images()) === before, "images are gone");
    },
  },
];
