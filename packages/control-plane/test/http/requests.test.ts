import { CALL_ERRORS, problemSchema } from "@tartfleet/shared";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enrol } from "../helpers/host.ts";
import { ADMIN, IMAGE, startPlane, until } from "../helpers/plane.ts";
import type { CallInit, Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane({
    change: () => ({
      getHost(name) {
        throw new Error(`a bug that mentions the secret hunter2 of ${name}`);
      },
    }),
  });
});
afterAll(() => plane.close());

const asJson = { "content-type": "application/json" };

describe("a request that is no request of ours", () => {
  const post = { method: "POST", path: "/v1/vms" };
  it.each<[string, { method: string; path: string } & CallInit, keyof typeof CALL_ERRORS]>([
    ["malformed JSON", { ...post, raw: '{"image":', headers: asJson }, "malformed_json"],
    [
      "JSON with __proto__",
      { ...post, raw: '{"__proto__":{"image":"x"}}', headers: asJson },
      "malformed_json",
    ],
    ["a body that is not called JSON", { ...post, raw: "image=x" }, "unsupported_media_type"],
    [
      "a form",
      { ...post, raw: "a", headers: { "content-type": "multipart/form-data" } },
      "unsupported_media_type",
    ],
    [
      "a content type that is none",
      { ...post, raw: "{}", headers: { "content-type": ";" } },
      "unsupported_media_type",
    ],
    ["nothing at all", post, "invalid_request"],
    ["nothing, called JSON", { ...post, headers: asJson }, "invalid_request"],
    ["null", { ...post, raw: "null", headers: asJson }, "invalid_request"],
    ["a list", { ...post, raw: "[]", headers: asJson }, "invalid_request"],
    ["a broken escape", { method: "GET", path: "/v1/vms/%zz" }, "invalid_request"],
    ["an unknown route", { method: "GET", path: "/v2/vms" }, "route_not_found"],
    ["an unknown method", { method: "PATCH", path: "/v1/vms/abc" }, "method_not_allowed"],
    ["a method of another route", { method: "DELETE", path: "/v1/fleet/capacity" }, "method_not_allowed"],
  ])("%s gets its problem", async (_name, { method, path, ...init }, code) => {
    const { status, headers, body } = await plane.call(method, path, { ...init, token: plane.tokens.ci });
    expect(status).toBe(CALL_ERRORS[code].status);
    expect(headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(problemSchema.parse(body)).toMatchObject({ code, status, requestId: headers["x-request-id"] });
  });

  it("with an empty body names the fields that are needed", async () => {
    const { body } = await plane.call("POST", "/v1/tokens", { token: plane.tokens.admin });
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual(["role", "name"]);
  });

  it("with very many mistakes is told of the first hundred", async () => {
    const json = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n]));
    const { status, text, body } = await plane.call("POST", "/v1/vms", { token: plane.tokens.ci, json });
    expect([status, body.errors.length]).toEqual([400, 100]);
    expect(text.length).toBeLessThan(20_000);
  });

  it("is told which methods there are", async () => {
    const put = await plane.call("PUT", "/v1/vms/abc");
    expect([put.status, put.headers.allow]).toEqual([405, "DELETE, GET, HEAD, OPTIONS"]);
    const options = await plane.call("OPTIONS", "/v1/vms");
    expect([options.status, options.headers.allow, options.text]).toEqual([
      204,
      "GET, HEAD, OPTIONS, POST",
      "",
    ]);
    const withBody = await plane.call("PUT", "/v1/vms", { raw: "{", headers: asJson });
    expect(withBody.status).toBe(405);
  });

  it("HEAD says what GET would, without a body", async () => {
    const init = { token: plane.tokens.ci };
    const get = await plane.call("GET", "/v1/vms", init);
    const head = await plane.call("HEAD", "/v1/vms", init);
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([
      200,
      "",
      get.headers["content-length"],
    ]);
    expect((await plane.call("HEAD", "/v1/vms/abc/wait?for=ready", init)).status).toBe(405);
  });
});

describe("a body over 256 KiB", () => {
  const head = (extra: string) =>
    `POST /v1/vms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${plane.tokens.ci}\r\ncontent-type: application/json\r\n${extra}\r\n\r\n`;

  it("is refused by its announced length, before any of it is sent", async () => {
    const { socket, received } = rawConnection(plane.port);
    socket.write(head("content-length: 262145"));
    await until(() => received().includes('"payload_too_large"'));
    expect(received()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("is refused when it grows too large on the way", async () => {
    const { socket, received } = rawConnection(plane.port);
    socket.write(head("transfer-encoding: chunked"));
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    for (let n = 0; n < 9; n += 1) socket.write(chunk);
    await until(() => received().includes('"payload_too_large"'));
    expect(received()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("just under it is read", async () => {
    const json = {
      image: IMAGE,
      env: { A: "x".repeat(32_000), B: "y".repeat(32_000) },
      surprise: "z".repeat(190_000),
    };
    expect((await plane.call("POST", "/v1/vms", { token: plane.tokens.ci, json })).status).toBe(400);
  });

  it("is not read at all without a token", async () => {
    const { socket, received } = rawConnection(plane.port);
    socket.write("POST /v1/vms HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n");
    await until(() => received().includes('"unauthenticated"'));
    socket.destroy();
  });
});

describe("who may not call", () => {
  it("is told the same whatever is wrong with the token", async () => {
    const made = await plane.useCases.createToken(ADMIN, { role: "admin", name: "gone" });
    await plane.useCases.revokeToken(ADMIN, made.id);
    const good = plane.tokens.admin;
    const headers = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Basic ${Buffer.from("a:b").toString("base64")}`,
      `Bearer ${good}x`,
      `Bearer ${good.slice(0, -1)}`,
      `Bearer ${good} ${good}`,
      `Bearer ${made.token}`,
      `Bearer ${"x".repeat(5000)}`,
    ];
    const answers = [];
    for (const authorization of headers) {
      const { status, headers, body } = await plane.call("GET", "/v1/vms", {
        headers: authorization === undefined ? {} : { authorization },
      });
      answers.push({ status, challenge: headers["www-authenticate"], ...body, requestId: "" });
    }
    expect(answers[0]).toMatchObject({
      status: 401,
      code: "unauthenticated",
      challenge: 'Bearer realm="tartfleet"',
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(plane.lines.join("")).not.toContain(good);
  });

  it("is refused by role, before the body is looked at", async () => {
    const refused = { status: 403, body: { code: "forbidden" } };
    const raw = { raw: "{", headers: asJson };
    expect(await plane.call("POST", "/v1/vms", { token: plane.tokens.viewer, ...raw })).toMatchObject(
      refused,
    );
    expect(await plane.call("POST", "/v1/tokens", { token: plane.tokens.ci, ...raw })).toMatchObject(refused);
    expect(await plane.call("POST", "/v1/hosts", { token: plane.tokens.ci, ...raw })).toMatchObject(refused);
    expect(await plane.call("GET", "/v1/vms", { token: plane.tokens["host-enrolment"] })).toMatchObject(
      refused,
    );
    const host = await enrol(plane, "mac-http");
    expect(await plane.call("GET", "/v1/vms", { token: host })).toMatchObject(refused);
    expect(await plane.call("DELETE", "/v1/vms/abc", { token: host })).toMatchObject(refused);
  });

  it("may always ask whether the control plane is well, and for its description", async () => {
    expect(await plane.call("GET", "/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await plane.call("GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
    expect((await plane.call("GET", "/openapi.json")).status).toBe(200);
  });
});

describe("a caller who does not wait", () => {
  it("is logged as gone, and is no bug", async () => {
    const { socket } = rawConnection(plane.port);
    socket.write(
      `POST /v1/vms HTTP/1.1\r\nhost: x\r\nx-request-id: gone\r\nauthorization: Bearer ${plane.tokens.ci}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    );
    await until(() => plane.call("GET", "/healthz"));
    socket.destroy();
    const logged = await until(() => plane.lines.find((line) => line.includes('"requestId":"gone"')));
    expect(JSON.parse(logged)).toMatchObject({ level: "info", status: 499, route: "/v1/vms" });
  });
});

describe("a bug", () => {
  it("is answered with 500 and told to the log alone", async () => {
    const { status, text, body } = await plane.call("GET", "/v1/hosts/mac-1?with=query", {
      token: plane.tokens.viewer,
      headers: { "x-request-id": "req-of-the-caller" },
    });
    expect([status, body.code, body.requestId]).toEqual([500, "internal", "req-of-the-caller"]);
    expect(text).not.toMatch(/hunter2|\.ts|at /);
    const logged = plane.lines.filter((line) => line.includes("hunter2")).map((line) => JSON.parse(line));
    expect(logged).toMatchObject([
      { level: "error", requestId: "req-of-the-caller", err: { type: "Error" } },
    ]);
    expect(plane.lines.join("")).not.toContain("with=query");
  });

  it("and an insane request id is not taken over", async () => {
    for (const id of ["a b", "x".repeat(65), "<script>", "é"]) {
      const { headers } = await plane.call("GET", "/healthz", { headers: { "x-request-id": id } });
      expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

it("whatever JSON is posted, the answer is 201 or one that says what is wrong", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.string(), async (raw, id) => {
      const created = await plane.call("POST", "/v1/vms", { token: plane.tokens.ci, raw, headers: asJson });
      expect([201, 400]).toContain(created.status);
      if (created.status === 400) problemSchema.parse(created.body);
      const path = `/v1/vms/${encodeURIComponent(id.toWellFormed())}x`;
      expect((await plane.call("DELETE", path, { token: plane.tokens.ci })).status).toBe(404);
    }),
    { numRuns: 50 },
  );
  expect(plane.fatal).toEqual([]);
});
