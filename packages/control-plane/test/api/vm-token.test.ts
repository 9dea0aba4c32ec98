import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appRouter } from "../../src/api/router.ts";
import { vmWithToken } from "../helpers/host.ts";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane({ limits: { guestCallRate: { burst: 1000, perSecond: 1000 } } });
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

  it("is good for nothing but its own end and its own word, on every route and in every procedure", async () => {
    const mine = await vmWithToken(plane, "mac-walked");
    const other = await vmWithToken(plane, "mac-spared");
    const { body: document } = await plane.call("GET", "/openapi.json");
    const routes = Object.entries<Record<string, unknown>>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
    );
    expect(routes.length).toBeGreaterThan(14);
    const mayDo = new Set(["DELETE /v1/vms/{id}", "POST /v1/vms/{id}/events"]);
    for (const [method, path] of routes) {
      for (const id of [mine.id, other.id, "nosuch"]) {
        if (id === mine.id && mayDo.has(`${method} ${path}`)) continue;
        const filled = path.replace("{id}", id).replace("{name}", "mac-walked");
        const json = method === "GET" ? undefined : {};
        const { status, body } = await plane.call(method, filled, { token: mine.token, json });
        expect({ method, filled, status, code: body.code }).toMatchObject({ status: 403, code: "forbidden" });
      }
    }

    // Flat at run time, by their whole names; the type says nested.
    const procedures = Object.entries<{ _def: { type: string } }>(appRouter._def.procedures as never);
    expect(procedures.length).toBeGreaterThan(15);
    for (const [name, { _def }] of procedures) {
      const { type } = _def;
      for (const id of [mine.id, other.id, "nosuch"]) {
        if (id === mine.id && name === "vms.end") continue;
        // With an input that would do, so that it is the token that is refused.
        const input = JSON.stringify({ id, name: "mac-walked", epoch: 1, vmId: id, attempt: 1, reports: [] });
        const query = type === "mutation" ? "" : `?input=${encodeURIComponent(input)}`;
        const { status, text } = await plane.call(
          type === "mutation" ? "POST" : "GET",
          `/trpc/${name}${query}`,
          {
            token: mine.token,
            ...(type === "mutation" ? { raw: input, headers: { "content-type": "application/json" } } : {}),
            ...(type === "subscription" ? { headers: { accept: "text/event-stream" } } : {}),
          },
        );
        // A stream's refusal comes as its first event.
        expect({ name, status }).toEqual({ name, status: type === "subscription" ? 200 : 403 });
        expect(text).toContain('"code":"forbidden"');
      }
    }

    expect(plane.useCases.getVm(mine.id)).toMatchObject({ end: null, state: "provisioning" });
    expect(plane.useCases.getVm(other.id)).toMatchObject({ end: null, state: "provisioning" });
    expect(plane.useCases.getHost("mac-walked").connected).toBe(true);
  });
});
