import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

const PAGE = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const folder = mkdtempSync(join(tmpdir(), "dashboard-"));
let plane: Plane;
beforeAll(async () => {
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>the dashboard</title>");
  writeFileSync(join(folder, "assets", "index-abc.js"), "plain");
  writeFileSync(join(folder, "assets", "index-abc.js.gz"), "packed");
  plane = await startPlane({ dashboard: folder });
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

describe("the dashboard's files", () => {
  it.each(["/", "/vms/k3x", "/hosts/mac-1.example.com?tab=images"])("%s is its page", async (path) => {
    const { status, text, headers } = await plane.call("GET", path, { headers: PAGE });
    expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining("the dashboard") });
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers).toMatchObject({ "cache-control": "no-cache", "x-frame-options": "DENY" });
  });

  it("what is named by what is in it may be kept for ever, and is sent packed to who can unpack it", async () => {
    const plain = await plane.call("GET", "/assets/index-abc.js");
    expect(plain).toMatchObject({
      status: 200,
      text: "plain",
      headers: { "cache-control": "public, max-age=31536000, immutable" },
    });
    const packed = await plane.call("GET", "/assets/index-abc.js", {
      headers: { "accept-encoding": "gzip" },
    });
    expect(packed).toMatchObject({ text: "packed", headers: { "content-encoding": "gzip" } });
  });

  it("leave the API as it is", async () => {
    for (const path of ["/v1/nowhere", "/trpc", "/session/x", "/metrics/x"]) {
      const { status, body } = await plane.call("GET", path, { headers: PAGE });
      expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: "route_not_found" });
    }
    for (const path of ["/assets/gone.js", "/vms/k3x"])
      expect((await plane.call("GET", path)).body).toMatchObject({ code: "route_not_found" });
    expect((await plane.call("POST", "/vms", { headers: PAGE, json: {} })).body).toMatchObject({
      status: 404,
    });
    expect((await plane.call("GET", "/../package.json", { headers: PAGE })).text).not.toContain("name");
  });
});

it("says where it was not built", async () => {
  const bare = await startPlane();
  try {
    const { status, body } = await bare.call("GET", "/", { headers: PAGE });
    expect({ status, detail: body.detail }).toEqual({
      status: 404,
      detail: expect.stringContaining("docs/dashboard.md"),
    });
  } finally {
    await bare.close();
  }
});
