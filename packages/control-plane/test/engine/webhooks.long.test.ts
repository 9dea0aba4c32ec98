import { expect, test } from "vitest";
import { until } from "../helpers/plane.ts";
import { hook, startReceiver, startSoundFleet } from "../support/receiver.ts";

test("bounds what waits: what comes beyond it stays in the log until there is room", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver(() => 500);
  await hook(fleet, { url: receiver.url });
  for (let n = 0; n < 1300; n += 1) void fleet.create({ allowPending: true });
  await fleet.clock.pass(500);
  const { pending } = fleet.useCases.getWebhook("ops");
  expect(pending).toBeGreaterThanOrEqual(1000);
  expect(pending).toBeLessThan(1300);
  receiver.answers(() => 200);
  await until(async () => {
    await fleet.clock.pass(20_000);
    return new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size === 1300;
  }, 60);
});
