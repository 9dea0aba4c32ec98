import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IMAGE, startPlane, type Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

const put = (name: string, json: object, token = plane.tokens.admin) =>
  plane.call("PUT", `/v1/pools/${name}`, { token, json });

describe("pools over REST", () => {
  test("are set by admins, read by all, and removed with what they counted", async () => {
    const made = await put("ios", { image: IMAGE, minIdle: 2 });
    expect(made).toMatchObject({
      status: 200,
      body: { name: "ios", image: IMAGE, minIdle: 2, max: 3, wanted: 2, idle: 0, hits: 0, schedule: null },
    });
    const { status, body } = await plane.call("GET", "/v1/pools", { token: plane.tokens.viewer });
    expect([status, body.pools]).toEqual([200, [made.body]]);
    expect(await plane.call("GET", "/v1/pools/ios", { token: plane.tokens.ci })).toMatchObject({
      status: 200,
    });
    expect(await put("ios", { image: IMAGE, minIdle: 1 }, plane.tokens.ci)).toMatchObject({ status: 403 });
    const remove = () => plane.call("DELETE", "/v1/pools/ios", { token: plane.tokens.admin });
    expect(await remove()).toMatchObject({ status: 204 });
    expect(await remove()).toMatchObject({ status: 404, body: { code: "pool_not_found" } });
    const { body: audit } = await plane.call("GET", "/v1/audit?subject=pool%20ios", {
      token: plane.tokens.admin,
    });
    expect(audit.records.map(({ action }: { action: string }) => action)).toEqual([
      "pool.set",
      "pool.remove",
    ]);
  });

  test("that make no sense are refused with every field that is wrong", async () => {
    const window = { days: ["mon"], from: "25:00", to: "19:00" };
    const wrong = await put("ios", {
      image: IMAGE,
      minIdle: 4,
      schedule: { timeZone: "Europe/Nowhere", windows: [window] },
    });
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      "schedule.timeZone",
      "schedule.windows.0.from",
    ]);
    expect(await put("ios", { image: IMAGE, minIdle: 4, max: 3 })).toMatchObject({
      status: 400,
      body: { errors: [{ path: "max" }] },
    });
    expect(await put("ios", { image: "channel:none", minIdle: 1 })).toMatchObject({
      status: 404,
      body: { code: "channel_not_found" },
    });
  });
});
