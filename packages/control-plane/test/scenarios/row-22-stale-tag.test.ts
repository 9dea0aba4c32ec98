import { expect, test } from "vitest";
import { startFleet } from "../support/fleet.ts";

const OLD = `sha256:${"a".repeat(64)}`;
const NEW = `sha256:${"b".repeat(64)}`;
const TAG = "ghcr.io/org/image:1";

const having = (digest: string) => ({ images: [{ reference: TAG, sizeGiB: 40, digest }] });

test("peers §4 row 22: a tag was moved, and a host has the old image under it: it is seen, and a digest is not mistaken", async () => {
  const fleet = await startFleet();
  const stale = await fleet.host("mac-stale", having(OLD));
  const fresh = await fleet.host("mac-fresh", having(NEW));
  expect(fleet.useCases.listImages()).toEqual([
    {
      reference: TAG,
      hosts: 2,
      sizeGiB: 40,
      digests: [
        { digest: OLD, hosts: ["mac-stale"] },
        { digest: NEW, hosts: ["mac-fresh"] },
      ],
      isMixed: true,
      pulling: [],
    },
  ]);
  // Who names the digest gets that image, from the host that has it.
  const id = await fleet.create({ image: `ghcr.io/org/image@${NEW}` });
  const [assignment] = (await fresh.assignments()).assignments;
  expect(assignment).toMatchObject({ vmId: id, image: `ghcr.io/org/image@${NEW}` });

  // What a VM really got stands in its record, whatever its tag meant elsewhere.
  const byTag = await fleet.create({ image: TAG });
  const host = fleet.useCases.getVm(byTag).host === "mac-stale" ? stale : fresh;
  const imageDigest = host === stale ? OLD : NEW;
  await host.report({ kind: "phase", vmId: byTag, attempt: 1, phase: "booting", imageDigest });
  expect(fleet.useCases.getVm(byTag).imageDigest).toBe(imageDigest);
  fleet.close();
});
