import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { OidcConfig } from "../../src/oidc/config.ts";
import { httpClient } from "../helpers/client.ts";
import { startIssuer } from "../helpers/issuer.ts";
import { IMAGE, skippingClock, startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { openStream } from "../helpers/sse.ts";

const clock = skippingClock();
let issuer: Awaited<ReturnType<typeof startIssuer>>;
let airGapped: Awaited<ReturnType<typeof startIssuer>>;
let plane: Plane;

/** As for GitHub Actions. */
const RULES: OidcConfig["issuers"][0]["rules"] = [
  { claims: { repository: "org/app", ref: "refs/heads/main" }, role: "ci", team: "app" },
  { claims: { repository: "org/*" }, role: "ci", team: { claim: "repository_owner" } },
  { claims: { groups: "fleet-admins" }, role: "admin" },
  { claims: { groups: "staff" }, role: "viewer" },
];

beforeAll(async () => {
  issuer = await startIssuer();
  airGapped = await startIssuer();
  const audience = "tartfleet";
  plane = await startPlane({
    clock,
    limits: { failureRate: { burst: 1000, perSecond: 1000 } },
    oidc: {
      issuers: [
        { name: "github", issuer: issuer.url, audience, rules: RULES },
        {
          name: "inside",
          issuer: airGapped.url,
          audience,
          jwks: { keys: [{ ...airGapped.publicKey, kty: "EC" }] },
          rules: RULES,
        },
      ],
    },
  });
});
afterAll(async () => {
  await plane.close();
  await issuer.close();
  await airGapped.close();
});

const seconds = () => Math.floor(clock.now() / 1000);
const main = (): JWTPayload => ({
  exp: seconds() + 300,
  repository: "org/app",
  repository_owner: "org",
  ref: "refs/heads/main",
});
const get = (token: string, path = "/v1/vms") => plane.call("GET", path, { token });
const statusOf = async (token: string) => (await get(token)).status;

describe("an identity", () => {
  it("gets the role and team of the first rule that fits its claims", async () => {
    const made = await plane.call("POST", "/v1/vms", {
      token: await issuer.sign(main()),
      json: { image: IMAGE },
      headers: { "idempotency-key": "job-1" },
    });
    expect(made).toMatchObject({ status: 201, body: { team: "app" } });
    const branch = await issuer.sign({ ...main(), ref: "refs/heads/feature" });
    expect((await get(branch)).body.vms).toEqual([]);
    expect(await statusOf(await issuer.sign({ exp: seconds() + 60, groups: ["a", "staff"] }))).toBe(200);
    const admin = await issuer.sign({ exp: seconds() + 60, groups: "fleet-admins" });
    expect((await get(admin, "/v1/tokens")).status).toBe(200);
    expect((await get(branch, "/v1/tokens")).status).toBe(403);
    expect(await statusOf(await airGapped.sign(main()))).toBe(200);
    expect(airGapped.asked).toEqual([]);
  });

  it("owns what it made, over all its tokens", async () => {
    const make = async () =>
      plane.call("POST", "/v1/vms", {
        token: await issuer.sign(main()),
        json: { image: IMAGE },
        headers: { "idempotency-key": "job-1" },
      });
    expect((await make()).body.id).toBe((await make()).body.id);
    const line = await until(() => plane.lines.find((text) => text.includes("oidc:github:repo:org/app")));
    expect(JSON.parse(line)).toMatchObject({ by: "ci oidc:github:repo:org/app:ref:refs/heads/main" });
  });

  it("is cut off everywhere when its token expires", async () => {
    const token = await issuer.sign(main());
    const { id } = (await get(token)).body.vms[0];
    const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(socket, "open");
    const closed = once(socket, "close");
    const stream = await openStream(`${plane.url}/v1/vms/${id}/events`, token);
    await until(() => stream.events().length > 0);
    const poll = get(token, `/v1/vms/${id}/wait?for=ended&timeoutSeconds=600`);
    expect((await httpClient(plane.url, token).vms.get.query({ id })).id).toBe(id);
    clock.skip(361_000);
    expect((await closed)[0]).toBe(4401);
    await stream.ended;
    expect((await poll).status).toBe(401);
    expect(await statusOf(token)).toBe(401);
  });
});

describe("what is no identity is told so in the same words", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it.each<[string, () => Promise<string>]>([
    [
      "unsigned, alg none",
      async () =>
        `${encode({ alg: "none" })}.${encode({ iss: issuer.url, aud: "tartfleet", sub: "x", ...main() })}.`,
    ],
    [
      "signed by HS256 with the public key as the secret",
      async () => {
        const key = createPublicKey({ key: issuer.publicKey, format: "jwk" });
        const secret = new TextEncoder().encode(key.export({ type: "spki", format: "pem" }).toString());
        return new SignJWT({ iss: issuer.url, aud: "tartfleet", sub: "x", ...main() })
          .setProtectedHeader({ alg: "HS256", kid: "k1" })
          .sign(secret);
      },
    ],
    ["for another audience", () => issuer.sign({ ...main(), aud: "somebody-else" })],
    ["of another issuer", () => issuer.sign({ ...main(), iss: "https://issuer.example" })],
    ["of another known issuer's name", () => issuer.sign({ ...main(), iss: airGapped.url })],
    ["expired", () => issuer.sign({ ...main(), exp: seconds() - 61 })],
    ["not yet valid", () => issuer.sign({ ...main(), nbf: seconds() + 120 })],
    ["without an expiry", () => issuer.sign({ ...main(), exp: undefined })],
    ["without a subject", () => issuer.sign({ ...main(), sub: undefined })],
    ["with a subject of control characters", () => issuer.sign({ ...main(), sub: "a\nb" })],
    ["of no rule", () => issuer.sign({ exp: seconds() + 60, repository: "other/app" })],
    ["of a rule whose team is no name", () => issuer.sign({ ...main(), ref: "x", repository_owner: "A B" })],
    ["changed after it was signed", async () => `${(await issuer.sign(main())).slice(0, -4)}AAAA`],
    ["too long", () => issuer.sign({ ...main(), padding: "x".repeat(9000) })],
    [
      "signed with a key that its own header names",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return new SignJWT({ iss: issuer.url, aud: "tartfleet", sub: "x", ...main() })
          .setProtectedHeader({
            alg: "ES256",
            jku: `${airGapped.url}/keys`,
            x5u: `${airGapped.url}/keys`,
            jwk: issuer.publicKey,
          })
          .sign(privateKey);
      },
    ],
  ])("%s", async (_what, make) => {
    const token = await make();
    const { status, body } = await get(token);
    const nonsense = await get("nonsense");
    expect({ status, body: { ...body, requestId: "" } }).toEqual({
      status: 401,
      body: { ...nonsense.body, requestId: "" },
    });
    expect(plane.lines.join("")).not.toContain(token);
    expect(airGapped.asked).toEqual([]);
  });

  it("and clocks may differ by a minute", async () => {
    expect(await statusOf(await issuer.sign({ ...main(), exp: seconds() - 30 }))).toBe(200);
    expect(await statusOf(await issuer.sign({ ...main(), nbf: seconds() + 30 }))).toBe(200);
  });
});

describe("an issuer", () => {
  it("is not asked again for every token with a key that it never had", async () => {
    await statusOf(await issuer.sign(main()));
    const before = issuer.asked.length;
    for (let n = 0; n < 20; n += 1) {
      expect(await statusOf(await issuer.sign(main(), { kid: `unknown-${n}` }))).toBe(401);
    }
    expect(issuer.asked.length).toBeLessThanOrEqual(before + 1);
  });

  it("that cannot be reached is no refusal: 503, asked again after a pause, and nothing else suffers", async () => {
    const away = await startIssuer();
    away.setDown(true);
    const other = await startPlane({
      clock,
      oidc: { issuers: [{ name: "away", issuer: away.url, audience: "tartfleet", rules: RULES }] },
    });
    const ask = async () => other.call("GET", "/v1/vms", { token: await away.sign(main()) });
    for (let n = 0; n < 5; n += 1) {
      const { status, body, headers } = await ask();
      expect([status, body.code, headers["retry-after"]]).toEqual([503, "issuer_unreachable", "10"]);
    }
    expect(away.asked).toEqual(["/.well-known/openid-configuration"]);
    expect(other.lines.join("")).toContain("their issuer cannot be reached");
    expect((await other.call("GET", "/v1/vms", { token: other.tokens.ci })).status).toBe(200);
    away.setDown(false);
    clock.skip(10_000);
    expect((await ask()).status).toBe(200);
    expect(other.fatal).toEqual([]);
    await other.close();
    await away.close();
  });
});
