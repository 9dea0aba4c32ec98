import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { enrol, hello } from "../helpers/host.ts";
import { ADMIN, IMAGE, startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeEach(async () => {
  plane = await startPlane();
});
afterEach(() => plane.close());

const asAdmin = (method: string, path: string, json?: unknown) =>
  plane.call(method, path, { token: plane.tokens.admin, json });

const tokenOf = async (team: string, role: "ci" | "viewer" = "ci") =>
  (await plane.useCases.createToken(ADMIN, { role, name: `${role} of ${team}`, team })).token;

/** A team asks for VMs. */
async function ask(team: string, count: number, body: object = {}): Promise<string[]> {
  const token = await tokenOf(team);
  const made = [];
  for (let n = 0; n < count; n += 1)
    made.push((await plane.call("POST", "/v1/vms", { token, json: { image: IMAGE, ...body } })).body.id);
  return made;
}

const held = async (team: string) => (await asAdmin("GET", `/v1/teams/${team}`)).body.held;

/** A Mac with two slots connects. */
async function mac(name: string): Promise<void> {
  const principal = plane.useCases.authenticate(await enrol(plane, name));
  if (principal?.kind !== "host") throw new Error("not a host");
  await plane.useCases.agent.hello({ principal, requestId: "test", address: null }, hello(`machine-${name}`));
}

describe("a team's share", () => {
  it("is what any team has until it is set, then what was set, and that again when it is removed", async () => {
    const usual = { name: "ios", guaranteed: 0, cap: null, weight: 1, isSet: false, held: 0, queued: 0 };
    expect((await asAdmin("GET", "/v1/teams/ios")).body).toEqual(usual);
    const set = await asAdmin("PUT", "/v1/teams/ios", { guaranteed: 2, cap: 6, weight: 1.5 });
    expect(set).toMatchObject({
      status: 200,
      body: { ...usual, guaranteed: 2, cap: 6, weight: 1.5, isSet: true },
    });
    const { body } = await asAdmin("GET", "/v1/teams");
    expect(body.teams.map(({ name }: { name: string }) => name)).toEqual(["default", "ios"]);
    expect((await asAdmin("DELETE", "/v1/teams/ios")).status).toBe(204);
    expect((await asAdmin("GET", "/v1/teams/ios")).body).toEqual(usual);
    expect(await asAdmin("DELETE", "/v1/teams/ios")).toMatchObject({
      status: 404,
      body: { code: "team_not_found" },
    });
    const acts = (await asAdmin("GET", "/v1/audit?subject=team%20ios")).body.records;
    expect(acts.map(({ action }: { action: string }) => action).toSorted()).toEqual([
      "team.remove",
      "team.set",
    ]);
  });

  it("that is none is refused with every mistake", async () => {
    const { status, body } = await asAdmin("PUT", "/v1/teams/ios", { guaranteed: 3, cap: 2, wait: 1 });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect((await asAdmin("PUT", "/v1/teams/No%20Name", {})).status).toBe(400);
  });

  it("is shown to its own team alone, and set by admins alone", async () => {
    const token = await tokenOf("ios");
    const seen = await plane.call("GET", "/v1/teams", { token });
    expect(seen.body.teams.map(({ name }: { name: string }) => name)).toEqual(["ios"]);
    expect((await plane.call("GET", "/v1/teams/web", { token })).status).toBe(404);
    expect((await plane.call("PUT", "/v1/teams/ios", { token, json: {} })).status).toBe(403);
  });

  it("holds at once: a cap that is raised lets the next one start, and one that is lowered ends nothing", async () => {
    await asAdmin("PUT", "/v1/teams/ios", { cap: 1 });
    await mac("mac-1");
    await mac("mac-2");
    await ask("ios", 4);
    await expect.poll(() => held("ios")).toBe(1);
    await asAdmin("PUT", "/v1/teams/ios", { cap: 3 });
    await expect.poll(() => held("ios")).toBe(3);
    await asAdmin("PUT", "/v1/teams/ios", { cap: 0 });
    expect(await held("ios")).toBe(3);
    expect((await asAdmin("GET", "/v1/teams/ios")).body.queued).toBe(1);
  });
});

describe("peers §4 row 25: team A floods everyone, and PR jobs starve release jobs", () => {
  it("each team gets its part of the Macs, whoever asked first and for how much", async () => {
    await asAdmin("PUT", "/v1/teams/release", { guaranteed: 2 });
    await ask("flood", 20);
    await ask("web", 2);
    await ask("release", 2);
    await mac("mac-1");
    await expect.poll(() => held("release")).toBe(2);
    await mac("mac-2");
    await mac("mac-3");
    await expect.poll(() => held("web")).toBe(2);
    await expect.poll(() => held("flood")).toBe(2);
  });

  it("inside a team a release comes before what asked earlier for a pull request", async () => {
    const [first, second] = await ask("ios", 2, { priority: "batch" });
    const [release] = await ask("ios", 1, { priority: "release" });
    await mac("mac-1");
    const stateOf = async (id: string | undefined) => (await asAdmin("GET", `/v1/vms/${id}`)).body.state;
    await expect.poll(() => stateOf(release)).toBe("assigned");
    await expect.poll(() => stateOf(first)).toBe("assigned");
    expect(await stateOf(second)).toBe("queued");
  });

  it("a class that there is not is refused, with those that there are", async () => {
    const json = { image: IMAGE, priority: "urgent" };
    const { status, body } = await plane.call("POST", "/v1/vms", { token: plane.tokens.ci, json });
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [{ path: "priority", message: expect.stringContaining("release, default, batch") }],
    });
  });
});
