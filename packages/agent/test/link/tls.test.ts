import type { Trust } from "@tartfleet/tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createLink } from "../../src/link/link.ts";
import { trpcControlPlane } from "../../src/link/trpc-control-plane.ts";
import { assignment } from "../support/assignments.ts";
import { FACTS } from "../support/facts.ts";
import { startControlPlane, type TestControlPlane } from "../support/test-control-plane.ts";
import { identity, makeTlsFront } from "../support/tls-front.ts";
import { until } from "../support/until.ts";

let plane: TestControlPlane;
beforeEach(async () => {
  plane = await startControlPlane();
});
afterEach(() => plane.close());

/** A link that runs, and what it tells its host and its log. */
function linkTo(url: string, trust: Trust) {
  const stop = new AbortController();
  const seen = { welcomes: 0, lost: 0, sets: 0, warnings: [] as string[] };
  const link = createLink({
    controlPlane: trpcControlPlane({ url, credential: () => ({ token: "good-credential", trust }) }),
    clock: systemClock,
    random: () => 0.02,
    log: {
      debug() {},
      info() {},
      warn: (facts) => void seen.warnings.push(String((facts as { why?: unknown }).why)),
      error() {},
    },
    host: {
      describe: async () => ({ machineId: "machine-1", facts: FACTS, instances: [] }),
      onWelcome: () => (seen.welcomes += 1),
      onSet: () => (seen.sets += 1),
      onLost: () => (seen.lost += 1),
    },
  });
  const end = link.run(stop.signal);
  return {
    seen,
    link,
    async [Symbol.asyncDispose]() {
      stop.abort();
      expect(await end).toEqual({ kind: "stopped" });
    },
  };
}

test("a session over TLS outlives another certificate, and one cut in the middle of a record is followed by the next", async () => {
  const [own, other] = await Promise.all([identity(), identity()]);
  await using front = await makeTlsFront(plane.url, own);
  await using linked = linkTo(front.url, { pin: own.pin });
  await until("a session", () => linked.seen.sets === 1);
  front.use(other);
  plane.want(assignment(1));
  await until("the second set by the same session", () => linked.seen.sets === 2);
  expect(linked.seen).toMatchObject({ welcomes: 1, lost: 0 });

  front.use(own);
  front.cutInARecord();
  await until("the next session", () => linked.seen.sets === 3);
  expect(linked.seen).toMatchObject({ welcomes: 2, lost: 1 });
});

test("somebody in the middle is told nothing, however often they are met, and the right one is found again", async () => {
  const [own, other] = await Promise.all([identity(), identity()]);
  await using front = await makeTlsFront(plane.url, other);
  await using linked = linkTo(front.url, { pin: own.pin });
  await until("some tries", () => front.visits() > 3);
  expect(front.heard()).toBe("");
  expect(linked.seen.warnings).toEqual([expect.stringContaining(`trusts the key ${own.pin} alone`)]);
  front.use(own);
  await until("a session", () => linked.seen.welcomes === 1);
  expect(front.heard()).toContain("Bearer good-credential");
});

test("an expired certificate is told of once and tried again until there is another", async () => {
  const old = await identity(-1);
  await using front = await makeTlsFront(plane.url, old);
  const now = await identity();
  await using linked = linkTo(front.url, { ca: `${old.cert}\n${now.cert}` });
  await until("some tries", () => front.visits() > 3);
  expect(front.heard()).toBe("");
  expect(linked.seen.warnings).toEqual(["certificate has expired"]);
  front.use(now);
  await until("a session", () => linked.seen.welcomes === 1);
});

test("a name that cannot be resolved is tried again and again", async () => {
  // A label of more than 63 characters is refused by the resolver itself: no network is asked.
  await using linked = linkTo(`https://${"x".repeat(64)}.example`, {});
  await until("a warning", () => linked.seen.warnings.length > 0);
  expect(linked.seen.warnings[0]).toMatch(/getaddrinfo/);
  expect(linked.seen).toMatchObject({ welcomes: 0, lost: 0 });
});
