import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSimHost, startRegistry, type ImageEntry } from "@tartfleet/tart-sim";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { afterAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { useLab } from "../support/use-lab.ts";

const USER = { username: "ci", password: "correct-horse" };

/** A registry, and the home of hosts' users who trust it and have a login to it. */
const dir = await mkdtemp(join(tmpdir(), "tf-registry-"));
const key = await makePrivateKey();
const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
await writeFile(join(dir, "ca.pem"), cert);
const shelf = await makeSimHost({ dir: join(dir, "shelf") });
const registry = await startRegistry({ tls: { key, cert }, hostDir: shelf.hostDir });
await mkdir(join(dir, "home", ".docker"), { recursive: true });
await writeFile(
  join(dir, "home", ".docker", "config.json"),
  JSON.stringify({
    auths: {
      [registry.address]: { auth: Buffer.from(`${USER.username}:${USER.password}`).toString("base64") },
    },
  }),
);
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const REPOSITORY = `${registry.address}/org/image`;
const TAG = `${REPOSITORY}:1`;

/** Two builds of one image; the tag stands for one of them. */
const builds = (tagged: 4 | 8): ImageEntry[] =>
  ([4, 8] as const).map((cpu) => ({
    name: REPOSITORY,
    auth: USER,
    compressedGB: 0.1,
    cpu,
    tags: cpu === tagged ? ["1"] : [],
  }));
shelf.setImages(builds(4));

const lab = useLab({
  controlPlane: { "image-resolve-ttl-seconds": 1 },
  wrap: (program) =>
    program === "control-plane"
      ? []
      : ["/usr/bin/env", `NODE_EXTRA_CA_CERTS=${join(dir, "ca.pem")}`, `HOME=${join(dir, "home")}`],
  sim: () => ({ images: builds(4), cached: [] }),
});

test("a private image's tag is resolved by the host's own login; when it was moved, new VMs run what it stands for now", async () => {
  const { ci, hosts } = lab.fleet;
  const before = await ci.createVm({ image: TAG });
  expect(before.state).toBe("queued");
  const first = await ci.waitForVm(before.id, "ready");
  expect(first.image).toBe(TAG);
  await ci.deleteVm(first.id);
  await ci.waitForVm(first.id, "ended");

  for (const mac of [shelf, ...hosts.map(({ sim }) => sim)]) mac?.setImages(builds(8));
  const second = await until("a VM with the moved tag's image", async () => {
    const vm = await ci.waitForVm((await ci.createVm({ image: TAG })).id, "ready");
    if (vm.imageDigest !== first.imageDigest) return vm;
    // What the tag stood for is believed for a second.
    await ci.deleteVm(vm.id);
    return void (await ci.waitForVm(vm.id, "ended"));
  });
  const events = await lab.fleet.api.vmEvents(second.id);
  // The host has the old image, and does not take it for the new one.
  expect(events.map(({ state }) => state)).toContain("pulling");
  expect(events.map(({ message }) => message).join("\n")).toContain(
    `${TAG} stands for ${second.imageDigest}, as mac-1 learned from its registry`,
  );
  await ci.deleteVm(second.id);
  await ci.waitForVm(second.id, "ended");
});

test("a tag that is not there ends its VM at once, and says what the registry said to whom", async () => {
  const { ci } = lab.fleet;
  const { id } = await ci.createVm({ image: `${REPOSITORY}:nope` });
  expect((await ci.waitForVm(id, "ended")).end).toMatchObject({
    reason: "image_not_found",
    message: `${REPOSITORY}:nope does not exist: mac-1 asked its registry. ${registry.address} answered 404 (MANIFEST_UNKNOWN) when asked for org/image:nope.`,
  });
});

test("nobody's password is in what is logged", async () => {
  const logs = await Promise.all(
    [lab.fleet.controlPlane, ...lab.fleet.hosts.map(({ agent }) => agent)].map((program) => program.logs()),
  );
  expect(logs.join("\n")).not.toContain(USER.password);
  expect(registry.requests.join("\n")).not.toContain(USER.password);
});
