import { Secret } from "@tartfleet/shared";
import { expect, test } from "vitest";
import type { EcrToken } from "../../../src/registry/ecr/fetch-token.ts";
import { makeEcrTokens } from "../../../src/registry/ecr/tokens.ts";
import { troubleOf } from "../../../src/registry/ecr/trouble.ts";

const HOUR = 3_600_000;
const [REGISTRY, OTHER] = ["a", "b"];
const host = { region: "eu-central-1", isFips: false, isDualStack: false };

/** AWS, and a clock. */
function scene() {
  const world = { now: 0, asked: 0, isAway: false, isDenied: false };
  const tokens = makeEcrTokens(
    async () => {
      world.asked += 1;
      await Promise.resolve();
      if (world.isAway)
        return { trouble: troubleOf(Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "x") };
      if (world.isDenied)
        return { trouble: troubleOf(Object.assign(new Error("x"), { name: "AccessDeniedException" }), "x") };
      return {
        username: "AWS",
        password: new Secret(`token-${world.asked}`),
        expiresAt: world.now + 12 * HOUR,
      };
    },
    () => world.now,
  );
  const given = async (registry = REGISTRY) => {
    const token = await tokens.get(registry, host);
    return "trouble" in token ? token.trouble.code : token.password.reveal();
  };
  return { world, tokens, given };
}

test("a token is used for half of its life, so that a pull of hours ends with it", async () => {
  const { world, given } = scene();
  expect(await given()).toBe("token-1");
  world.now = 6 * HOUR - 1;
  expect(await given()).toBe("token-1");
  world.now = 6 * HOUR;
  expect(await given()).toBe("token-2");
});

test("who asks at once gets the same, by one question; each registry has its own", async () => {
  const { world, given } = scene();
  expect(await Promise.all([given(), given(), given()])).toEqual(["token-1", "token-1", "token-1"]);
  expect(world.asked).toBe(1);
  expect(await given(OTHER)).toBe("token-2");
});

test("one that was refused is not given again, but a newer one is kept", async () => {
  const { tokens, given } = scene();
  const old = (await tokens.get(REGISTRY, host)) as EcrToken;
  expect(tokens.forget(REGISTRY, old)).toBe(true);
  expect(await given()).toBe("token-2");
  // Another pull comes to the same conclusion later.
  expect(tokens.forget(REGISTRY, old)).toBe(true);
  expect(await given()).toBe("token-2");
  expect(tokens.forget(REGISTRY, { username: "ci", password: new Secret("x") })).toBe(false);
});

test("while AWS is away the rest of a token's life is used, and a refusal is told at once", async () => {
  const { world, given } = scene();
  await given();
  world.isAway = true;
  world.now = 8 * HOUR;
  expect(await given()).toBe("token-1");
  world.now = 12 * HOUR;
  expect(await given()).toBe("aws_unreachable");
  world.isAway = false;
  expect(await given()).toBe("token-4");
  world.isDenied = true;
  world.now = 20 * HOUR;
  expect(await given()).toBe("aws_access_denied");
});
