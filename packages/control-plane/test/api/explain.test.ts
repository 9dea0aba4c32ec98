import { explanationSchema } from "@tartfleet/shared";
import { afterEach, beforeEach, expect, it } from "vitest";
import { enrol, hello } from "../helpers/host.ts";
import { ADMIN, IMAGE, startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
let ios: string;
let android: string;
const tokenOf = async (team: string) =>
  (await plane.useCases.createToken(ADMIN, { role: "ci", name: team, team })).token;
beforeEach(async () => {
  plane = await startPlane();
  [ios, android] = [await tokenOf("ios"), await tokenOf("android")];
  const principal = plane.useCases.authenticate(await enrol(plane, "mac-1"));
  if (principal?.kind !== "host") throw new Error("not a host");
  await plane.useCases.agent.hello({ principal, requestId: "test", address: null }, hello("machine-mac-1"));
});
afterEach(() => plane.close());

const create = (token: string, json: object = {}) =>
  plane.call("POST", "/v1/vms", { token, json: { image: IMAGE, ...json } });
const get = (token: string, path: string) => plane.call("GET", path, { token });

it("explains a VM to its own team alone, with nothing of other teams' VMs in it", async () => {
  const others = [(await create(android)).body.id, (await create(android)).body.id];
  const { id } = (await create(ios)).body;
  const { status, body } = await get(ios, `/v1/vms/${id}/explain`);
  expect(status).toBe(200);
  expect(explanationSchema.parse(body)).toMatchObject({ vmId: id, waiting: { unblock: { what: "slots" } } });
  for (const other of others) expect(JSON.stringify(body)).not.toContain(other);
  expect(await get(android, `/v1/vms/${id}/explain`)).toMatchObject({
    status: 404,
    body: { code: "vm_not_found" },
  });
});

it("says that a team at its cap waits for its own", async () => {
  const { admin } = plane.tokens;
  await plane.call("PUT", "/v1/teams/ios", { token: admin, json: { guaranteed: 0, cap: 1, weight: 1 } });
  await create(ios);
  const { id } = (await create(ios)).body;
  const { body } = await get(ios, `/v1/vms/${id}/explain`);
  expect(body.waiting.hosts.groups).toMatchObject([{ reason: "fits", hosts: 1 }]);
  expect(body.waiting.unblock).toEqual({
    what: "share",
    text: "team ios holds 1 slot and its cap is 1; one of its VMs must end, or the cap be raised.",
  });
  const room = await get(ios, `/v1/fleet/capacity?image=${IMAGE}`);
  expect(room.body.room).toMatchObject({
    team: "ios",
    startNow: 0,
    limitedBy: "share",
    teamHolds: 1,
    teamCap: 1,
  });
  await plane.call("PUT", "/v1/teams/ios", { token: admin, json: { guaranteed: 0, cap: 0, weight: 1 } });
  expect(await create(ios)).toMatchObject({ status: 422, body: { code: "unschedulable" } });
});

it("answers 422 with what the hosts say to what none could ever take", async () => {
  const refused = await create(ios, { hostLabels: { xcode: "99" } });
  expect(refused).toMatchObject({
    status: 422,
    body: { code: "unschedulable", errors: [{ path: "hostLabels" }] },
  });
  expect(refused.body.detail).toContain("1 without label xcode=99");
  expect((await create(ios, { hostLabels: { xcode: "99" }, allowPending: true })).status).toBe(201);
});

it("tells the room of another team to nobody who is bound to one", async () => {
  expect(await get(ios, "/v1/fleet/capacity?team=android")).toMatchObject({
    status: 403,
    body: { code: "forbidden" },
  });
  const { body } = await get(plane.tokens.admin, "/v1/fleet/capacity?team=android&hostLabels=a=b,c=d&cpu=2");
  expect(body.room).toMatchObject({ team: "android", image: null, withImage: null, startNow: 0 });
  expect((await get(ios, "/v1/fleet/capacity")).body.room).toBeUndefined();
  expect(await get(ios, "/v1/fleet/capacity?hostLabels=nonsense&cpu=0")).toMatchObject({
    status: 400,
    body: { errors: [{ path: "cpu" }, { path: "hostLabels" }] },
  });
});
