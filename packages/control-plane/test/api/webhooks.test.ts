import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpClient } from "../helpers/client.ts";
import { startPlane, type Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

const URL_OF_SLACK = "https://hooks.slack.com/services/T0/B0/s3cret";
const call = (method: string, path: string, json?: object, token = plane.tokens.admin) =>
  plane.call(method, `/v1/webhooks${path}`, { token, ...(json ? { json } : {}) });

describe("webhooks over REST", () => {
  test("are made, shown, changed and removed; URL and secret are shown to nobody again", async () => {
    const made = await call("POST", "", {
      name: "slack",
      url: URL_OF_SLACK,
      events: ["vm.failed", "host.*"],
    });
    expect(made).toMatchObject({
      status: 201,
      body: { name: "slack", url: "https://hooks.slack.com/…", template: "json", team: null, enabled: true },
    });
    expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await call("POST", "", { name: "slack", url: URL_OF_SLACK, events: ["*"] })).toMatchObject({
      status: 409,
      body: { code: "webhook_exists" },
    });
    const changed = await call("PATCH", "/slack", { template: "slack", team: "ios", enabled: false });
    expect(changed.body).toMatchObject({
      events: ["vm.failed", "host.*"],
      template: "slack",
      team: "ios",
      enabled: false,
      disabledReason: expect.stringMatching(/^token the admin .* disabled it$/),
    });
    const rotated = await call("POST", "/slack/rotate", { graceSeconds: 60 });
    expect(rotated.body.secret).not.toBe(made.body.secret);
    const shown = [
      await call("GET", ""),
      await call("GET", "/slack"),
      await call("GET", "/slack/deliveries"),
    ];
    const audit = await plane.call("GET", "/v1/audit?subject=webhook%20slack", { token: plane.tokens.admin });
    for (const { text } of [...shown, audit]) expect(text).not.toMatch(/s3cret|whsec_/);
    expect(audit.body.records.map(({ action }: { action: string }) => action)).toEqual([
      "webhook.create",
      "webhook.change",
      "webhook.rotate",
    ]);
    expect(await call("POST", "/slack/replay", {})).toMatchObject({ status: 200, body: { replayed: 0 } });
    expect(await call("DELETE", "/slack")).toMatchObject({ status: 204 });
    expect(await call("GET", "/slack")).toMatchObject({ status: 404, body: { code: "webhook_not_found" } });
    expect(plane.lines.join()).not.toMatch(/s3cret|whsec_/);
  });

  test("go nowhere inside, nor in plain text, unless a setting says so", async () => {
    for (const url of [
      "http://example.com/",
      "https://127.0.0.1/",
      "https://user:secret@example.com/",
      "nonsense",
    ])
      expect(await call("POST", "", { name: "inside", url, events: ["*"] }), url).toMatchObject({
        status: 400,
        body: { errors: [{ path: "url" }] },
      });
  });

  test("are for admins alone", async () => {
    for (const token of [plane.tokens.ci, plane.tokens.viewer])
      expect(await call("GET", "", undefined, token)).toMatchObject({ status: 403 });
  });

  test("are as many as a fleet may have", async () => {
    const hook = { url: "https://example.com/", events: ["*" as const] };
    const names = Array.from({ length: 50 }, (_, n) => `hook-${n}`);
    const { webhooks } = httpClient(plane.url, plane.tokens.admin);
    await Promise.all(names.map((name) => webhooks.create.mutate({ ...hook, name })));
    expect(await call("POST", "", { ...hook, name: "more" })).toMatchObject({
      status: 409,
      body: { code: "too_many_webhooks" },
    });
    expect(await webhooks.list.query()).toHaveLength(50);
  });
});
