import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enrol, FACTS, hello } from "../helpers/host.ts";
import { ADMIN, IMAGE, startPlane, until, type Plane } from "../helpers/plane.ts";

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

  test("keep VMs that no team sees, nor ends", async () => {
    const principal = plane.useCases.authenticate(await enrol(plane, "mac-1"));
    if (principal?.kind !== "host") return expect.unreachable();
    const host = { principal, requestId: "test", address: null };
    await plane.useCases.agent.hello(host, {
      ...hello("machine-mac-1"),
      facts: { ...FACTS, keepsWarm: true },
    });
    await put("ios", { image: IMAGE, minIdle: 1 });
    const list = (token: string) => plane.call("GET", "/v1/vms?state=assigned", { token });
    const [warm] = await until(async () => {
      const { vms } = (await list(plane.tokens.admin)).body;
      return vms.length > 0 && vms;
    });
    expect(warm).toMatchObject({ pool: "ios", team: "", host: "mac-1", runner: null });
    const { token } = await plane.useCases.createToken(ADMIN, { role: "ci", name: "web", team: "web" });
    expect((await list(token)).body.vms).toEqual([]);
    for (const method of ["GET", "DELETE"])
      expect(await plane.call(method, `/v1/vms/${warm.id}`, { token })).toMatchObject({ status: 404 });
    const { body } = await plane.call("GET", "/v1/hosts/mac-1", { token });
    expect(body.slots.map(({ vmId }: { vmId: unknown }) => vmId)).toEqual([null, null]);
    // And no team is listed that nobody has made.
    const teams = await plane.call("GET", "/v1/teams", { token: plane.tokens.admin });
    expect(teams.body.teams.map(({ name }: { name: string }) => name)).not.toContain("");
    await plane.call("DELETE", "/v1/pools/ios", { token: plane.tokens.admin });
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
