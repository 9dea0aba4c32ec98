import { expect, test } from "vitest";
import { call, startPlane } from "../helpers/plane.ts";

test("where GitHub is not served there is no door for its webhooks", async () => {
  const plane = await startPlane();
  expect((await plane.call("POST", "/github/webhook", { raw: "{}" })).status).toBe(404);
  await plane.close();
});

test("a webhook is handed over byte by byte, and what is not signed is refused", async () => {
  const bodies: string[] = [];
  const plane = await startPlane({
    async takeWebhook({ headers, body }) {
      bodies.push(body.toString());
      return headers["x-hub-signature-256"] === "sha256=right";
    },
  });
  const send = (signature: string) =>
    call(plane.url, "POST", "/github/webhook", {
      raw: '{"a":  1}',
      headers: { "content-type": "application/json", "x-hub-signature-256": signature },
    });
  expect((await send("sha256=right")).status).toBe(202);
  expect(await send("sha256=wrong")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  expect(bodies).toEqual(['{"a":  1}', '{"a":  1}']);
  await plane.close();
});
