import { FAKE_ECR_HOST } from "@tartfleet/tart-sim";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { instanceRole } from "../../../src/doctor/instance-role.ts";
import { fetchEcrToken } from "../../../src/registry/ecr/fetch-token.ts";
import { ecrHost } from "../../../src/registry/ecr/host.ts";
import { troubleOf } from "../../../src/registry/ecr/trouble.ts";
import { ecrBench } from "./bench.ts";

let bench: Awaited<ReturnType<typeof ecrBench>>;
const host = ecrHost(FAKE_ECR_HOST)!;

beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  bench = await ecrBench({ hasRegistry: false });
  for (const [name, value] of Object.entries(bench.env)) vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await bench[Symbol.asyncDispose]();
});

async function trouble() {
  const token = await fetchEcrToken(host);
  return "trouble" in token ? token.trouble : undefined;
}

test("the instance's role is given a token, for as long as AWS says", async () => {
  const before = Date.now();
  const token = await fetchEcrToken(host);
  if ("trouble" in token) throw new Error(token.trouble.message);
  expect(token.username).toBe("AWS");
  expect([token.password.reveal()]).toEqual(bench.aws.passwords());
  expect(token.expiresAt - before).toBeGreaterThan(11 * 3_600_000);
});

test("an instance without a role", async () => {
  bench.aws.setRole(undefined);
  expect(await trouble()).toMatchObject({
    code: "aws_no_role",
    meaning: "image_auth_failed",
    message: expect.stringMatching(/^The host has no credentials for AWS: give its instance a role/),
  });
});

test("a role that may not: which action is missing", async () => {
  bench.aws.deny("ecr:GetAuthorizationToken");
  expect(await trouble()).toMatchObject({
    code: "aws_access_denied",
    message:
      "AWS does not let arn:aws:sts::123456789012:assumed-role/tartfleet-host/i-0123456789abcdef0 do ecr:GetAuthorizationToken: add that action to its role's policy, or to that of the repository.",
  });
});

test("a role whose credentials have expired, and a key that AWS does not know", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAGONE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "hush-hush");
  expect(await trouble()).toMatchObject({
    code: "aws_credentials_refused",
    message: expect.not.stringContaining("hush"),
  });
  vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
  bench.aws.lendExpired();
  expect(await trouble()).toMatchObject({ code: "aws_credentials_expired" });
});

test("a clock that is slightly wrong is made up for; and who signs wrongly all the same is told of it", async () => {
  bench.aws.setAheadMs(3_600_000);
  expect(await trouble()).toBeUndefined();
  const skewed = Object.assign(new Error("Signature expired: 20261126T1 is now earlier than …"), {
    name: "InvalidSignatureException",
    $metadata: { httpStatusCode: 403 },
  });
  expect(troubleOf(skewed, "eu-central-1")).toMatchObject({
    code: "aws_clock_skewed",
    message: expect.stringMatching(/sntp/),
  });
});

test("an endpoint that does not answer is the network's fault, not the login's", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:1");
  expect(await trouble()).toMatchObject({
    code: "aws_unreachable",
    meaning: "registry_unreachable",
    message: expect.stringMatching(/^ECR in eu-central-1 cannot be asked for a token: .*ECONNREFUSED/),
  });
});

test.each([undefined, "text", { name: 7 }, new Error("what")])(
  "%o, thrown, is trouble without a name",
  (thrown) => {
    expect(troubleOf(thrown, "x")).toMatchObject({ code: "aws_failed", meaning: "image_auth_failed" });
  },
);

test("the doctor knows the role by its name, and an instance that has none", async () => {
  const { signal } = new AbortController();
  expect(await instanceRole(bench.env, signal)).toBe("tartfleet-host");
  bench.aws.setRole(undefined);
  expect(await instanceRole(bench.env, signal)).toBeUndefined();
  expect(await instanceRole({ ...bench.env, AWS_EC2_METADATA_DISABLED: "true" }, signal)).toBeUndefined();
  const nobody = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
  expect(await instanceRole(nobody, signal)).toBeUndefined();
});
