import { afterEach, beforeEach, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

const OLD = "ghcr.io/org/xcode:1";
const NEW = "ghcr.io/org/xcode:2";

let plane: Plane;
beforeEach(async () => {
  plane = await startPlane();
});
afterEach(() => plane.close());

const asAdmin = (method: string, path: string, json?: unknown) =>
  plane.call(method, path, { token: plane.tokens.admin, json });

it("makes a channel, rolls out, rolls back and removes it, and a VM shows what it got", async () => {
  const path = "/v1/channels/xcode-16";
  expect(await asAdmin("PUT", path, { image: OLD })).toMatchObject({ status: 200, body: { image: OLD } });
  const rollout = { image: NEW, percent: 10, samplesPerStep: 10 };
  expect((await asAdmin("POST", `${path}/rollout`, { image: NEW })).body).toMatchObject({ rollout });
  expect((await asAdmin("POST", `${path}/rollback`)).body).toMatchObject({ image: OLD, rollout: null });
  const vm = await asAdmin("POST", "/v1/vms", { image: "channel:xcode-16", allowPending: true });
  expect(vm.body).toMatchObject({ image: OLD, channel: "xcode-16" });
  expect((await asAdmin("GET", "/v1/channels")).body.channels).toHaveLength(1);
  expect((await asAdmin("DELETE", path)).status).toBe(204);
  expect(await asAdmin("GET", path)).toMatchObject({ status: 404, body: { code: "channel_not_found" } });
});

it("takes no image of a channel that is not one", async () => {
  expect((await asAdmin("PUT", "/v1/channels/xcode-16", { image: "channel:other" })).status).toBe(400);
  const unknown = await asAdmin("POST", "/v1/vms", { image: "channel:other", allowPending: true });
  expect(unknown).toMatchObject({ status: 404, body: { code: "channel_not_found" } });
});
