import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CI, settle, startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

test("whoever listens is told exactly when a token stops being valid, whatever is done to it and when", async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("pass" as const), seconds: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ do: fc.constant("rotate" as const), seconds: fc.constantFrom(0, 5, 30) }),
    fc.record({ do: fc.constant("revoke" as const), seconds: fc.constant(0) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
      fc.array(step, { maxLength: 8 }),
      async (expiresInSeconds, steps) => {
        const { useCases } = fleet;
        const made = await useCases.createToken(CI, { role: "ci", name: "n", expiresInSeconds });
        const told = new Map<string, number>();
        const listen = (bearer: string) => {
          told.set(bearer, 0);
          useCases.whenInvalid(bearer, () => told.set(bearer, (told.get(bearer) ?? 0) + 1));
        };
        listen(made.token);
        for (const { do: what, seconds } of steps) {
          if (what === "pass") await fleet.clock.pass(seconds * 1000);
          if (what === "revoke") await useCases.revokeToken(CI, made.id);
          if (what === "rotate") {
            const rotated = await useCases
              .rotateToken(CI, made.id, { graceSeconds: seconds })
              .catch(() => undefined);
            if (rotated) listen(rotated.token);
          }
          await settle();
          for (const [bearer, times] of told) {
            expect(times).toBe(useCases.authenticate(bearer) === undefined ? 1 : 0);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("nobody is told who has stopped listening, and whoever comes too late is told at once", async () => {
  const { id, token } = await fleet.useCases.createToken(CI, { role: "ci", name: "n" });
  let told = 0;
  const tell = () => {
    told += 1;
  };
  fleet.useCases.whenInvalid(token, tell)();
  await fleet.useCases.revokeToken(CI, id);
  expect(told).toBe(0);
  fleet.useCases.whenInvalid(token, tell);
  fleet.useCases.whenInvalid("nonsense", tell);
  expect(told).toBe(2);
});

test("the token of a former attempt ends nothing of the present one", async () => {
  const former = await fleet.host("mac-1");
  const id = await fleet.create();
  const about = { vmId: id, attempt: 1 };
  await former.report({ kind: "phase", ...about, phase: "provisioning" });
  const { vmToken } = await fleet.useCases.agent.bootstrap(former.host, former.epoch, about);
  const present = await fleet.host("mac-2");
  await former.report({
    kind: "failed",
    ...about,
    phase: "provisioning",
    error: { code: "provision_failed", message: "no", facts: {} },
  });
  expect(fleet.useCases.getVm(id)).toMatchObject({ host: "mac-2", attempt: 2 });
  await present.bringUpAll();
  const principal = fleet.useCases.authenticate(vmToken.reveal());
  if (!principal) throw new Error("the token is gone");
  const caller = { principal, requestId: "r", address: null };
  const before = fleet.useCases.getVm(id);
  for (const phase of ["job_hook", "runner_exited"] as const) {
    await fleet.useCases.endVm(caller, id, { phase });
  }
  await fleet.useCases.guestEvent(caller, id, { type: "job_started", details: {} });
  expect(fleet.useCases.getVm(id)).toEqual(before);
});
