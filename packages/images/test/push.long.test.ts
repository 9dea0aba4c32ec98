import {
  dockerRegistryIsMissing,
  FAKE_ECR_HOST,
  makeSimHost,
  REGISTRY_USER,
  startDockerRegistry,
  startFakeEcr,
  startRegistry,
} from "@tartfleet/tart-sim";
import { ECR_ACTIONS } from "@tartfleet/agent/src/registry/ecr/actions.ts";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { execa } from "execa";
import { once } from "node:events";
import { createServer } from "node:http";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { giveToChannel } from "../src/push/channel.ts";
import { layersOf, tooManyLayers } from "../src/push/layers.ts";
import { push } from "../src/push/push.ts";
import { readReleases } from "../src/templates/release.ts";
import { contextOf, scratch } from "./support.ts";

const [golden] = await readReleases(IMAGES_FOLDER);
const release = golden!;
const SOURCE = "registry.example.com/macos/built:1";
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const NOON = Date.UTC(2026, 10, 26, 12);

/** One for all: certificates of the same name are not told apart. */
const key = await makePrivateKey();
const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
setDefaultCACertificates([...getCACertificates("default"), cert]);

/** A Mac with a VM called built, and a registry that takes what it pushes. */
async function bench() {
  const own = await scratch();
  const host = await makeSimHost({
    dir: join(own.dir, "mac"),
    speed: 1000,
    engine: "process",
    images: [{ name: SOURCE.slice(0, -2), tags: ["1"], compressedGB: 1 }],
    cached: [SOURCE],
  });
  const registry = await startRegistry({ tls: { key, cert }, hostDir: host.hostDir });
  await execa("tart", ["clone", SOURCE, "built"], { env: host.env });
  return {
    host,
    registry,
    repository: `${registry.address}/macos/golden-gate`,
    context: contextOf({ env: { ...host.env, HOME: own.dir }, now: () => NOON }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await host.killAll();
      await own[Symbol.asyncDispose]();
    },
  };
}

test("an image is pushed under a tag of what it is and when, once, and is told by its digest", async () => {
  await using own = await bench();
  const { repository, context, registry } = own;
  const options = { vm: "built", repository, release };
  const image = await push(options, context);
  expect(image).toMatch(new RegExp(`^${repository}@sha256:[0-9a-f]{64}$`));
  expect(context.said.find((line) => line.startsWith("$ tart push"))).toContain(
    `${repository}:27.0-26A428-20261126 --label org.opencontainers.image.created=2026-11-26T12:00:00.000Z`,
  );
  // A tag is never moved.
  await expect(push(options, context)).rejects.toMatchObject({
    code: "tag_taken",
    message: expect.stringContaining(image.split("@")[1] ?? "nothing"),
  });
  expect(await push({ ...options, suffix: "2" }, context)).not.toBe(image);
  // Whether it is free must be known.
  registry.misbehave({ status: 500 });
  await expect(push({ ...options, suffix: "3" }, context)).rejects.toMatchObject({
    code: "registry_unknown",
  });
});

test("what a registry would not take is not pushed, nor what is not there or runs", async () => {
  await using own = await bench();
  const { repository, context, host } = own;
  const options = { vm: "built", repository, release };
  await expect(push({ ...options, vm: "other" }, context)).rejects.toMatchObject({ code: "vm_unusable" });
  const pushing = push(options, { ...context, env: { ...context.env, PATH: "/nowhere" } });
  await expect(pushing).rejects.toMatchObject({ code: "program_missing" });
  const locked = execa("tart", ["run", "--no-graphics", "built"], { env: host.env, reject: false });
  await expect.poll(() => host.running(), { timeout: 100_000 }).toContain("built");
  await expect(push(options, context)).rejects.toMatchObject({ code: "push_failed" });
  locked.kill("SIGKILL");
  await locked;
  await truncate(join(host.tartHome, "vms/built/disk.img"), 250e9);
  await expect(push(options, context)).rejects.toMatchObject({
    code: "image_too_large",
    message: expect.stringContaining("468 layers"),
  });
});

const missing = dockerRegistryIsMissing();

test.skipIf(missing).each(["basic", "token"] as const)(
  `a registry that is really there and asks for a %s takes an image${missing ? ` (${missing})` : ""}`,
  async (auth) => {
    await using own = await scratch();
    await using registry = await startDockerRegistry({
      dir: join(own.dir, "registry"),
      tls: { key, cert },
      auth,
    });
    await writeFile(join(own.dir, "ca.pem"), cert);
    const host = await makeSimHost({
      dir: join(own.dir, "mac"),
      speed: 1000,
      images: [{ name: SOURCE.slice(0, -2), tags: ["1"] }],
      cached: [SOURCE],
      host: { registries: { [registry.address]: registry.address } },
      baseEnv: {
        ...process.env,
        HOME: own.dir,
        NODE_EXTRA_CA_CERTS: join(own.dir, "ca.pem"),
        TART_REGISTRY_USERNAME: REGISTRY_USER.username,
        TART_REGISTRY_PASSWORD: REGISTRY_USER.password,
      },
    });
    await execa("tart", ["clone", SOURCE, "built"], { env: host.env });
    const context = contextOf({ env: host.env, now: () => NOON });
    const options = { vm: "built", repository: `${registry.address}/macos/golden-gate`, release };
    const image = await push(options, context);
    await execa("tart", ["pull", image], { env: host.env });
    await expect(push(options, context)).rejects.toMatchObject({ code: "tag_taken" });
  },
  60_000,
);

test.skipIf(missing)(
  `ECR takes an image from whom AWS gives a token${missing ? ` (${missing})` : ""}`,
  async () => {
    await using own = await scratch();
    await using upstream = await startDockerRegistry({ dir: join(own.dir, "registry") });
    const tls = { key, cert: await makeSelfSigned(key, [FAKE_ECR_HOST], Date.now()) };
    await using ecr = await startFakeEcr({ tls, upstream: upstream.address });
    await writeFile(join(own.dir, "ca.pem"), tls.cert);
    const host = await makeSimHost({
      dir: join(own.dir, "mac"),
      speed: 1000,
      images: [{ name: SOURCE.slice(0, -2), tags: ["1"] }],
      cached: [SOURCE],
      host: { registries: { [FAKE_ECR_HOST]: ecr.address } },
      baseEnv: {
        PATH: process.env["PATH"],
        HOME: own.dir,
        NODE_EXTRA_CA_CERTS: join(own.dir, "ca.pem"),
        ...ecr.env,
      },
    });
    await execa("tart", ["clone", SOURCE, "built"], { env: host.env, extendEnv: false });
    const to = `${FAKE_ECR_HOST}/macos/golden-gate`;
    const args = [MAIN, "push", "built", "--to", to, "--release", "golden-gate"];
    const command = () => execa(process.execPath, args, { env: host.env, extendEnv: false, reject: false });
    const pushed = await command();
    expect(pushed.stdout.split("\n").at(-1)).toMatch(new RegExp(`^${to}@sha256:[0-9a-f]{64}$`));
    const said = `${pushed.stdout}${pushed.stderr}`;
    expect(ecr.passwords().filter((password) => said.includes(password))).toEqual([]);
    expect(Object.values(ECR_ACTIONS).flat()).toEqual(expect.arrayContaining(ecr.takeActions()));
    ecr.deny("ecr:GetAuthorizationToken");
    const refused = await command();
    expect(refused.stderr).toMatch(/asks who it is\. AWS does not let .* do ecr:GetAuthorizationToken/);
  },
  60_000,
);

test.each([
  [50, 96],
  [140, 263],
  [267, 500],
  [380, 710],
])("a disk of %d GB makes %d layers", (gigabytes, layers) => {
  expect(layersOf(gigabytes * 1e9)).toBe(layers);
  expect(tooManyLayers(gigabytes * 1e9) === undefined).toBe(layers <= 400);
});

test.each([
  ["rollout", "POST /v1/channels/xcode-26/rollout"],
  ["set", "PUT /v1/channels/xcode-26"],
] as const)(
  "a channel gets the image by %s",
  async (how, expected) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.on("data", (body: Buffer) => asked.push(`${request.method} ${request.url}`, String(body)));
      request.on("end", () => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ name: "xcode-26", image, rollout: null, decisions: [] }));
      });
    });
    const image = `registry.example.com/macos@sha256:${"a".repeat(64)}`;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const env = { ...process.env, TARTFLEET_URL: `http://127.0.0.1:${port}`, TARTFLEET_TOKEN: "secret" };
    const context = contextOf({ env });
    await giveToChannel({ channel: "xcode-26", image, how }, context);
    expect(asked[0]).toBe(expected);
    expect(JSON.parse(asked[1] ?? "")).toMatchObject({ image });
    server.close();
    server.closeAllConnections();
    await expect(giveToChannel({ channel: "xcode-26", image, how }, context)).rejects.toMatchObject({
      code: "channel_not_set",
      advice: expect.stringContaining(`channel ${how} xcode-26 ${image}`),
    });
  },
  60_000,
);
