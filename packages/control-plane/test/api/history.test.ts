import { afterAll, beforeAll, expect, test } from "vitest";
import { httpClient, problemOf } from "../helpers/client.ts";
import { ADMIN, startPlane, type Plane } from "../helpers/plane.ts";

let plane: Plane;
let red: string;

beforeAll(async () => {
  plane = await startPlane();
  red = (await plane.useCases.createToken(ADMIN, { role: "viewer", name: "red", team: "red" })).token;
});
afterAll(() => plane.close());

const ask = (token: string, query: string) => plane.call("GET", `/v1/history?${query}`, { token });

test("admins and viewers ask for any series, over REST and tRPC alike", async () => {
  for (const token of [plane.tokens.admin, plane.tokens.viewer]) {
    const from = "2026-01-01T00:00:00.000Z";
    const to = "2026-01-02T00:00:00.000Z";
    const { status, body } = await ask(token, `series=slots&from=${from}&to=${to}&step=1h`);
    expect(status).toBe(200);
    expect(body).toEqual({ series: "slots", from, to, step: "1h", lines: [] });
    const overTrpc = await httpClient(plane.url, token).history.query.query({
      series: "slots",
      from,
      to,
      step: "1h",
    });
    expect(overTrpc).toEqual(body);
  }
});

test("a CI system's token is refused", async () => {
  expect((await ask(plane.tokens.ci, "series=slots")).status).toBe(403);
});

test("a token of a team sees that team's waits alone", async () => {
  expect((await ask(red, "series=wait&by=team")).status).toBe(200);
  expect((await ask(red, "series=wait&by=team&team=red")).status).toBe(200);
  for (const query of [
    "series=wait&by=team&team=blue",
    "series=wait",
    "series=slots",
    "series=boot&by=image",
  ]) {
    const { status, body } = await ask(red, query);
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: "forbidden", detail: expect.stringContaining("team red") });
  }
  const refused = await problemOf(httpClient(plane.url, red).history.query.query({ series: "slots" }));
  expect(refused).toMatchObject({ problem: { code: "forbidden" } });
});

test("every field that is wrong is told", async () => {
  const { status, body } = await ask(plane.tokens.admin, "series=nonsense&from=yesterday&step=7m");
  expect(status).toBe(400);
  const { errors } = body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path).sort()).toEqual(["from", "series", "step"]);
});
