import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readChallenge } from "../../src/registry/authorize.ts";
import { makeResolveTag } from "../../src/registry/resolve-tag.ts";
import { registryBench } from "./bench.ts";

const { signal } = new AbortController();
const USER = { username: "ci", password: "correct-horse" };
const basic = (password = USER.password) => Buffer.from(`${USER.username}:${password}`).toString("base64");

/** By the manifest that the simulated registry serves. */
const digestOf = (manifest: object) =>
  `sha256:${createHash("sha256").update(JSON.stringify(manifest)).digest("hex")}`;

test("a public image's tag is resolved with an anonymous token, and again when it was moved", async () => {
  await using bench = await registryBench();
  const { address } = bench.registry;
  const resolve = makeResolveTag(bench.env);
  bench.has({ name: "org/image", tags: ["1"], cpu: 4 });
  const old = digestOf({ name: `${address}/org/image`, cpu: 4 });
  expect(await resolve(`${address}/org/image:1`, signal)).toEqual({ kind: "digest", digest: old });
  bench.has({ name: "org/image", tags: ["1"], cpu: 8 });
  const moved = digestOf({ name: `${address}/org/image`, cpu: 8 });
  expect(await resolve(`${address}/org/image:1`, signal)).toEqual({ kind: "digest", digest: moved });
});

test("a registry that says no digest is asked for the manifest, whose bytes tell it", async () => {
  await using bench = await registryBench();
  const { address } = bench.registry;
  bench.registry.misbehave({ saysNoDigest: true });
  bench.has({ name: "org/image", tags: ["1"] });
  expect(await makeResolveTag(bench.env)(`${address}/org/image:1`, signal)).toEqual({
    kind: "digest",
    digest: digestOf({ name: `${address}/org/image` }),
  });
});

test("a private image: with the environment's pair, docker's configuration, or a helper; else it is refused", async () => {
  await using bench = await registryBench();
  const { address } = bench.registry;
  bench.has({ name: "org/image", tags: ["1"], auth: USER });
  const ask = (env: object = {}) =>
    makeResolveTag({ ...bench.env, ...env })(`${address}/org/image:1`, signal);
  const pair = { TART_REGISTRY_USERNAME: "ci", TART_REGISTRY_PASSWORD: USER.password };
  const known = { kind: "digest" };
  const refused = { kind: "failed", code: "image_auth_failed" };

  expect(await ask()).toMatchObject({
    ...refused,
    message: expect.stringMatching(/403.*No credentials for it were found/),
  });
  expect(await ask(pair)).toMatchObject(known);
  expect(await ask({ ...pair, TART_REGISTRY_HOSTNAME: address })).toMatchObject(known);
  // A pair for another registry is told to nobody else.
  expect(await ask({ ...pair, TART_REGISTRY_HOSTNAME: "ghcr.io" })).toMatchObject(refused);
  expect(await ask({ ...pair, TART_REGISTRY_PASSWORD: "wrong" })).toMatchObject({
    ...refused,
    message: `${address} answered 401 when asked for a token for ${address}. The credentials that were found for it are not accepted.`,
  });

  await bench.dockerConfig({ auths: { [address]: { auth: basic() } } });
  expect(await ask()).toMatchObject(known);

  await bench.dockerConfig({ auths: { [address]: {} }, credHelpers: { "127\\.0\\.0\\.1:\\d+": "sim" } });
  expect(await ask()).toMatchObject({
    ...refused,
    message: expect.stringMatching(/docker-credential-sim is not in PATH/),
  });
  await bench.program("docker-credential-sim", "exit 3");
  expect(await ask()).toMatchObject({
    ...refused,
    message: expect.stringMatching(/docker-credential-sim failed \(exit code 3\)/),
  });
  await bench.program(
    "docker-credential-sim",
    `read -r registry; [ "$1 $registry" = "get ${address}" ] || exit 1; echo '{"Username":"ci","Secret":"${USER.password}"}'`,
  );
  expect(await ask()).toMatchObject(known);
  // No secret is in any request's path.
  expect(bench.registry.requests.join("\n")).not.toMatch(/correct|Y2k6/);
});

test("a registry that takes a password alone is given it only when it asks", async () => {
  await using bench = await registryBench("basic");
  const { address } = bench.registry;
  bench.has({ name: "org/image", tags: ["1"], auth: USER });
  const image = `${address}/org/image:1`;
  expect(await makeResolveTag(bench.env)(image, signal)).toMatchObject({
    code: "image_auth_failed",
    message: `${address} asks for a user and a password. No credentials for it were found.`,
  });
  await bench.dockerConfig({ auths: { [address]: { auth: basic() } } });
  expect(await makeResolveTag(bench.env)(image, signal)).toMatchObject({ kind: "digest" });
});

test("what is not there, what is wrong and who does not answer are told apart", async () => {
  await using bench = await registryBench();
  const { address } = bench.registry;
  const resolve = makeResolveTag(bench.env);
  bench.has({ name: "org/image", tags: ["1"] });
  expect(await resolve(`${address}/org/image:2`, signal)).toEqual({
    kind: "failed",
    code: "image_not_found",
    message: `${address} answered 404 (MANIFEST_UNKNOWN) when asked for org/image:2.`,
  });
  expect(await resolve(`${address}/org/other:1`, signal)).toMatchObject({
    code: "image_not_found",
    message: expect.stringMatching(/NAME_UNKNOWN/),
  });
  bench.registry.misbehave({ status: 503 });
  expect(await resolve(`${address}/org/image:1`, signal)).toMatchObject({
    code: "registry_unreachable",
    message: expect.stringMatching(/answered 503/),
  });
  bench.registry.misbehave({ isSilent: true });
  const stop = new AbortController();
  const asked = resolve(`${address}/org/image:1`, stop.signal);
  stop.abort();
  expect(await asked).toMatchObject({ code: "registry_unreachable" });
  await bench.registry[Symbol.asyncDispose]();
  expect(await resolve(`${address}/org/image:1`, signal)).toMatchObject({
    code: "registry_unreachable",
    message: expect.stringMatching(/ECONNREFUSED/),
  });
});

test("challenges are read as they are written, and never throw", () => {
  expect(
    readChallenge('Bearer realm="https://r/token",service="a, \\"b\\"", scope=repository:x:pull'),
  ).toEqual({
    scheme: "bearer",
    parameters: { realm: "https://r/token", service: 'a, "b"', scope: "repository:x:pull" },
  });
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readChallenge(text)).toBeDefined();
      expect(readChallenge(`Bearer ${text}`).scheme).toBe("bearer");
    }),
  );
});
