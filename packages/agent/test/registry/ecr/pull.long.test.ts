import { dockerRegistryIsMissing, FAKE_ECR_HOST } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeCredentialSource, tartLogin } from "../../../src/registry/credentials.ts";
import { fetchEcrToken } from "../../../src/registry/ecr/fetch-token.ts";
import { makeEcrTokens } from "../../../src/registry/ecr/tokens.ts";
import { attemptErrorOf } from "../../../src/tart/attempt-error.ts";
import type { TartResult } from "../../../src/tart/tart.ts";
import { failure, MACOS, makeSimMac, VM, value, type SimMac } from "../../tart/sim-mac.ts";
import { ecrBench } from "./bench.ts";

const missing = dockerRegistryIsMissing();
const ASK = fileURLToPath(new URL("ask.ts", import.meta.url));
const { signal } = new AbortController();
const HOUR = 3_600_000;

describe.skipIf(missing)(`a host with a role and ECR${missing ? ` (${missing})` : ""}`, () => {
  let bench: Awaited<ReturnType<typeof ecrBench>>;
  let mac: SimMac;

  beforeEach(async () => {
    for (const name of Object.keys(process.env))
      if (/^(AWS|TART_REGISTRY)_/.test(name)) vi.stubEnv(name, undefined);
    bench = await ecrBench();
    // The SDK reads the environment of its process.
    for (const [name, text] of Object.entries(bench.env)) vi.stubEnv(name, text);
    mac = await makeSimMac({ host: { registries: bench.registries }, cached: [MACOS] });
    await push();
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await mac[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  /** Somebody else has pushed the image, with a token of their own. */
  async function push() {
    const found = await makeCredentialSource({}).find(FAKE_ECR_HOST, signal);
    const env = { ...mac.host.env, ...tartLogin(FAKE_ECR_HOST, found.credentials!) };
    await execa("tart", ["clone", MACOS, "built"], { env });
    await execa("tart", ["push", "built", bench.image], { env });
  }

  const pull = (image = bench.image): Promise<TartResult<void>> =>
    mac.tart.pull(image, { onProgress: () => {}, signal });
  const unpull = () => mac.tart.deleteImage(bench.image);
  /** What the control plane is told. */
  const errorOf = (result: TartResult<void>) => attemptErrorOf(failure(result), "pull");
  /** In a process of its own, whose fetch goes by the bench's proxy. */
  async function ask(reference = bench.image): Promise<unknown> {
    const { stdout } = await execa(process.execPath, [ASK, reference], { env: { ...process.env } });
    return JSON.parse(stdout);
  }

  test("pulls, and asks what a tag stands for, by one token for a long time", async () => {
    const before = bench.aws.questions();
    value(await pull());
    await unpull();
    value(await pull());
    expect(bench.aws.questions() - before).toBe(1);
    expect(await ask()).toEqual({ kind: "digest", digest: value(await mac.tart.digest(bench.image)) });
    // What clone finds missing, it pulls by itself.
    await unpull();
    value(await mac.tart.clone(bench.image, VM, { signal }));
  });

  test("a token is followed by another in time, and also when the host has slept through its end", async () => {
    const clock = { ahead: 0 };
    const tokens = makeEcrTokens(fetchEcrToken, () => Date.now() + clock.ahead);
    const tart = mac.secondTart({ credentials: makeCredentialSource(mac.host.env, tokens) });
    const questions = async () => {
      const before = bench.aws.questions();
      await unpull();
      value(await tart.pull(bench.image, { onProgress: () => {}, signal }));
      return bench.aws.questions() - before;
    };
    const pass = (hours: number, isSeen: boolean) => {
      bench.aws.setAheadMs(hours * HOUR);
      if (isSeen) clock.ahead = hours * HOUR;
    };
    expect(await questions()).toBe(1);
    pass(5, true);
    expect(await questions()).toBe(0);
    pass(7, true);
    // AWS tells a clock that is far behind its own, and the SDK asks again by that one.
    expect(await questions()).toBeGreaterThan(0);
    pass(20, false);
    expect(await questions()).toBeGreaterThan(0);
    expect(await questions()).toBe(0);
  });

  test("a token that AWS has revoked before its time is thrown away, once", async () => {
    value(await pull());
    await unpull();
    bench.aws.revoke();
    const before = bench.aws.questions();
    value(await pull());
    expect(bench.aws.questions() - before).toBe(1);

    // None is taken, not even a new one.
    await unpull();
    bench.aws.setTokenMs(-1);
    bench.aws.revoke();
    expect(errorOf(await pull())).toMatchObject({
      code: "image_auth_failed",
      message: expect.stringMatching(/refuses the token that AWS has only just given/),
      facts: { cause: "aws_token_refused" },
    });
    expect(bench.aws.questions() - before).toBe(2);

    bench.aws.setTokenMs(12 * HOUR);
    bench.aws.revoke();
    bench.aws.deny("ecr:BatchGetImage");
    expect(errorOf(await pull())).toMatchObject({
      code: "image_auth_failed",
      message: expect.stringMatching(
        /^tart pull failed\. AWS does not let arn:\S+ do ecr:BatchGetImage: add that action/,
      ),
      facts: { cause: "aws_access_denied" },
    });
    expect(await ask()).toMatchObject({
      code: "image_auth_failed",
      message: expect.stringMatching(/answered 403 \(DENIED\).* do ecr:BatchGetImage/),
    });
  });

  test("a role that was taken away is told from an image that is not there, and from a network that is down", async () => {
    expect(errorOf(await pull(bench.image.replace(":1", ":2")))).toMatchObject({ code: "image_not_found" });
    expect(await ask(bench.image.replace(":1", ":2"))).toMatchObject({ code: "image_not_found" });

    bench.aws.deny("ecr:GetAuthorizationToken");
    const other = await makeSimMac({ host: { registries: bench.registries } });
    const denied = await other.tart.pull(bench.image, { onProgress: () => {}, signal });
    expect(errorOf(denied)).toMatchObject({
      code: "image_auth_failed",
      message: expect.stringMatching(/do ecr:GetAuthorizationToken/),
      facts: { cause: "aws_access_denied" },
    });
    expect(await ask()).toMatchObject({
      code: "image_auth_failed",
      message: expect.stringMatching(/asks who it is\. AWS does not let/),
    });

    vi.stubEnv("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:1");
    expect(errorOf(await other.tart.pull(bench.image, { onProgress: () => {}, signal }))).toMatchObject({
      code: "registry_unreachable",
      facts: { cause: "aws_unreachable" },
    });
    expect(await ask()).toMatchObject({ code: "registry_unreachable" });
    await other[Symbol.asyncDispose]();

    await bench.aws.stopRegistry();
    expect(errorOf(await pull())).toMatchObject({ code: "registry_unreachable" });
  });

  test("public images, and those of other registries, do not ask AWS", async () => {
    bench.aws.setRole(undefined);
    const before = bench.aws.questions();
    await mac.tart.deleteImage(MACOS);
    value(await pull(MACOS));
    expect(bench.aws.questions()).toBe(before);
  });

  test("no token is on the host's disk, nor in what a failure says", async () => {
    value(await pull());
    bench.aws.deny("ecr:GetDownloadUrlForLayer");
    await unpull();
    const told = JSON.stringify(errorOf(await pull()));
    const secrets = bench.aws.passwords();
    expect(secrets.length).toBeGreaterThan(1);
    const { dir } = mac.host;
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile() && file.name !== "disk.img")
      .map((file) => readFile(join(file.parentPath, file.name), "latin1"));
    for (const text of [told, ...(await Promise.all(texts))])
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
});
