import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vmWithToken } from "../helpers/host.ts";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

describe("a VM's own token", () => {
  it("announces its end and tells of its job; its word goes nowhere else", async () => {
    const mine = await vmWithToken(plane, "mac-own");
    const other = await vmWithToken(plane, "mac-other");
    const as = (token: string, method: string, path: string) => plane.call(method, path, { token });
    const refused = { status: 403, body: { code: "forbidden" } };
    expect(await as(mine.token, "DELETE", `/v1/vms/${other.id}`)).toMatchObject(refused);
    expect(await as(mine.token, "DELETE", "/v1/vms/nosuchvm")).toMatchObject(refused);
    expect(await as(mine.token, "GET", `/v1/vms/${mine.id}`)).toMatchObject(refused);
    expect(await as(mine.token, "GET", "/v1/vms")).toMatchObject(refused);
    expect(await as(mine.token, "GET", "/v1/fleet/capacity")).toMatchObject(refused);
    expect(plane.useCases.getVm(other.id).end).toBeNull();

    const tell = await plane.call("POST", `/v1/vms/${mine.id}/events`, {
      token: mine.token,
      json: { type: "job_started", details: { runId: "7" } },
    });
    expect(tell).toMatchObject({ status: 202, body: { job: { state: "started", details: { runId: "7" } } } });
    expect(
      await plane.call("POST", `/v1/vms/${mine.id}/events`, {
        token: plane.tokens.admin,
        json: { type: "job_started" },
      }),
    ).toMatchObject(refused);

    const wrongJob = await as(mine.token, "DELETE", `/v1/vms/${mine.id}?jobId=job-mac-other`);
    expect(wrongJob).toMatchObject({ status: 409, body: { code: "job_mismatch" } });
    const query = "phase=job_hook&ip=192.168.64.7&jobId=job-mac-own";
    const announced = await as(mine.token, "DELETE", `/v1/vms/${mine.id}?${query}`);
    expect(announced.status).toBe(202);
    expect(plane.lines.join("")).not.toMatch(/192\.168\.64\.7|job-mac-own/);
  });
});
