import {
  capacitySchema,
  createdTokenSchema,
  hostRecordSchema,
  problemSchema,
  vmPageSchema,
  vmRecordSchema,
} from "@tartfleet/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enrol } from "../helpers/host.ts";
import { IMAGE, startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

const ci = () => plane.tokens.ci;

describe("POST /v1/vms", () => {
  it("accepts a VM: 201, the record and where it is", async () => {
    const { status, headers, body } = await plane.call("POST", "/v1/vms", {
      token: ci(),
      json: {
        image: IMAGE,
        name: "build-1",
        env: { SECRET: "s3cret" },
        runner: { kind: "script", script: "x" },
      },
    });
    expect(status).toBe(201);
    expect(vmRecordSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({ state: "queued", name: "build-1", image: IMAGE, envNames: ["SECRET"] });
    expect(headers.location).toBe(`/v1/vms/${body.id}`);
    expect((await plane.call("GET", `${headers.location}`, { token: ci() })).body).toEqual(body);
    expect(plane.lines.join("")).not.toContain("s3cret");
  });

  it("is repeated safely with an Idempotency-Key", async () => {
    const create = (image: string) =>
      plane.call("POST", "/v1/vms", {
        token: ci(),
        json: { image },
        headers: { "idempotency-key": "job 7/1" },
      });
    const first = await create(IMAGE);
    const again = await create(IMAGE);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await create(`${IMAGE}.1`)).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
    await plane.call("DELETE", `/v1/vms/${first.body.id}`, { token: ci() });
    const anew = await create(IMAGE);
    expect(anew.status).toBe(201);
    expect(anew.body.id).not.toBe(first.body.id);
  });

  it("lists every mistake of body and headers at once, and stores nothing", async () => {
    const before = plane.useCases.listVms({ limit: 500 } as never).vms.length;
    const { status, headers, body } = await plane.call("POST", "/v1/vms", {
      token: ci(),
      json: {
        image: "not an image",
        name: "../../etc/passwd",
        cpu: "4",
        labels: { "bad key": "x" },
        env: { "A B": "x", OK: 1 },
        run: { dir: "/Users" },
        runner: { kind: "github", url: "https://github.com/o/r", jitConfig: "abc" },
        surprise: true,
      },
      headers: { "idempotency-key": "clé" },
    });
    expect(status).toBe(400);
    expect(headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(problemSchema.parse(body).code).toBe("invalid_request");
    const paths = body.errors.map((error: { path: string }) => error.path).sort();
    expect(paths).toEqual(
      [
        "cpu",
        "env.A B",
        "env.OK",
        "idempotency-key",
        "image",
        "labels.bad key",
        "name",
        "run.dir",
        "runner.url",
        "surprise",
      ].sort(),
    );
    expect(plane.useCases.listVms({ limit: 500 } as never).vms).toHaveLength(before);
  });

  it.each([
    ["a key of 256 characters", "k".repeat(256)],
    ["an empty key", ""],
  ])("refuses %s", async (_name, key) => {
    const answer = await plane.call("POST", "/v1/vms", {
      token: ci(),
      json: { image: IMAGE },
      headers: { "idempotency-key": key },
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "idempotency-key" }] } });
  });

  it.each([
    ["of 300 characters", "x".repeat(300)],
    ["in capitals", "UPPER"],
    ["with a command", "a;rm -rf"],
    ["with a substitution", "$(id)"],
    ["of dots", ".."],
    ["like a flag", "-rf"],
    ["with a newline", "a\nb"],
    ["with NUL", "a\u0000b"],
    ["written backwards", "\u202Eabc"],
  ])("refuses a name %s", async (_kind, name) => {
    const answer = await plane.call("POST", "/v1/vms", { token: ci(), json: { image: IMAGE, name } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "name" }] } });
  });
});

describe("reading VMs", () => {
  it("lists by filter and page by page", async () => {
    const labels = { suite: "paging" };
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await plane.createVm({ labels })).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ label: "suite=paging", limit: "2", ...(cursor ? { cursor } : {}) });
      const { status, body } = await plane.call("GET", `/v1/vms?${query.toString()}`, {
        token: plane.tokens.viewer,
      });
      expect(status).toBe(200);
      const page = vmPageSchema.parse(body);
      seen.push(...page.vms.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).toHaveLength(5);
  });

  it.each([
    ["/v1/vms?state=queued,sleeping", "state"],
    ["/v1/vms?limit=0&label=x", "limit"],
    ["/v1/vms?colour=red", "colour"],
    ["/v1/vms?name=a&name=b", "name"],
    ["/v1/vms?cursor=zz", "cursor"],
    ["/v1/vms/abc/wait?for=lunch", "for"],
    ["/v1/vms/abc/wait?for=ready&timeoutSeconds=601", "timeoutSeconds"],
    ["/v1/vms/abc/events?after=-1", "after"],
  ])("refuses %s", async (path, field) => {
    const { status, body } = await plane.call("GET", path, { token: plane.tokens.admin });
    expect(status).toBe(400);
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(field);
  });

  it.each([
    "/v1/vms/nosuchvm",
    "/v1/vms/a%2Fb%20c",
    `/v1/vms/${"x".repeat(3000)}`,
    "/v1/vms/nosuchvm/events",
  ])("knows no %s", async (path) => {
    expect(await plane.call("GET", path, { token: ci() })).toMatchObject({
      status: 404,
      body: { code: "vm_not_found" },
    });
  });

  it("decodes ids before it looks for them", async () => {
    const { body } = await plane.call("GET", "/v1/vms/a%2Fb%20c", { token: ci() });
    expect(body.detail).toContain("a/b c");
  });
});

describe("GET /v1/vms/{id}/wait", () => {
  it("answers when the VM has ended, and at once from then on", async () => {
    const { id } = await plane.createVm();
    const wait = plane.call("GET", `/v1/vms/${id}/wait?for=ended&timeoutSeconds=30`, { token: ci() });
    await plane.call("DELETE", `/v1/vms/${id}`, { token: ci() });
    expect((await wait).body).toMatchObject({ id, state: "deleted", end: { reason: "client" } });
    const again = await plane.call("GET", `/v1/vms/${id}/wait?for=ready&timeoutSeconds=30`, { token: ci() });
    expect(again.body).toMatchObject({ id, state: "deleted" });
  });

  it("answers with the record as it is when the time is over", async () => {
    const { id } = await plane.createVm();
    const { status, body } = await plane.call("GET", `/v1/vms/${id}/wait?for=ready&timeoutSeconds=0`, {
      token: ci(),
    });
    expect([status, body.state]).toEqual([200, "queued"]);
  });
});

describe("DELETE /v1/vms/{id}", () => {
  it("works with nothing but a token, and again", async () => {
    const { id } = await plane.createVm();
    const first = await plane.call("DELETE", `/v1/vms/${id}`, { token: ci() });
    const again = await plane.call("DELETE", `/v1/vms/${id}`, { token: ci() });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(first.body).toMatchObject({ id, state: "deleted" });
    expect(again.body).toEqual(first.body);
  });

  it("does not mind a content type without a body", async () => {
    const { id } = await plane.createVm();
    const headers = { "content-type": "application/json" };
    expect((await plane.call("DELETE", `/v1/vms/${id}`, { token: ci(), headers })).status).toBe(202);
  });
});

describe("hosts, fleet and tokens", () => {
  it("enrols hosts with an enrolment token, and shows them", async () => {
    expect(await enrol(plane, "mac-rest")).toEqual(expect.any(String));
    const { body } = await plane.call("GET", "/v1/hosts", { token: plane.tokens.viewer });
    const names = body.hosts.map((host: unknown) => hostRecordSchema.parse(host).name);
    expect(names).toContain("mac-rest");
    const one = await plane.call("GET", "/v1/hosts/mac-rest", { token: plane.tokens.viewer });
    expect(one.body).toMatchObject({ name: "mac-rest", connected: false, facts: null });
    const none = await plane.call("GET", "/v1/hosts/nobody", { token: plane.tokens.viewer });
    expect(none).toMatchObject({ status: 404, body: { code: "host_not_found" } });
    const capacity = await plane.call("GET", "/v1/fleet/capacity", { token: plane.tokens.viewer });
    expect(capacitySchema.parse(capacity.body)).toEqual(capacity.body);
  });

  it("makes tokens that work until they are revoked, and shows their secret once", async () => {
    const admin = plane.tokens.admin;
    const made = await plane.call("POST", "/v1/tokens", {
      token: admin,
      json: { role: "viewer", name: "wall" },
    });
    expect(made.status).toBe(201);
    const { token, id } = createdTokenSchema.parse(made.body);
    expect((await plane.call("GET", "/v1/vms", { token })).status).toBe(200);
    const list = await plane.call("GET", "/v1/tokens", { token: admin });
    expect(list.body.tokens).toContainEqual(expect.objectContaining({ id, role: "viewer", name: "wall" }));
    expect(list.text).not.toContain(token);

    const revoked = await plane.call("DELETE", `/v1/tokens/${id}`, { token: admin });
    expect([revoked.status, revoked.text]).toEqual([204, ""]);
    expect((await plane.call("GET", "/v1/vms", { token })).status).toBe(401);
    expect((await plane.call("DELETE", "/v1/tokens/nosuch", { token: admin })).status).toBe(404);
    expect(plane.lines.join("")).not.toContain(token);
  });
});
