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

const ask = (token: string, query: string) =>
  plane.call("GET", `/v1/reports/slot-minutes?${query}`, { token });

test("admins and viewers ask for any report, over REST and tRPC alike", async () => {
  for (const token of [plane.tokens.admin, plane.tokens.viewer]) {
    const { status, body } = await ask(token, "from=2026-03-01&to=2026-03-31&by=day,host");
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: "2026-03-01", to: "2026-03-31", by: ["day", "host"], lines: [] });
    const query = { from: "2026-03-01", to: "2026-03-31", by: "day,host" };
    expect(await httpClient(plane.url, token).reports.slotMinutes.query(query)).toEqual(body);
  }
  expect(await httpClient(plane.url, plane.tokens.viewer).reports.slotMinutes.query()).toMatchObject({
    by: ["team"],
  });
});

test("without days it is of the last thirty", async () => {
  const { body } = await ask(plane.tokens.admin, "");
  const { from, to } = body as { from: string; to: string };
  expect((Date.parse(to) - Date.parse(from)) / 86_400_000).toBe(29);
});

test("a CI system's token is refused", async () => {
  expect((await ask(plane.tokens.ci, "")).status).toBe(403);
});

test("a token of a team sees that team's minutes alone", async () => {
  expect((await ask(red, "")).status).toBe(200);
  expect((await ask(red, "team=red&by=image")).status).toBe(200);
  for (const query of ["team=blue", "by=host"]) {
    const { status, body } = await ask(red, query);
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: "forbidden", detail: expect.stringContaining("team red") });
  }
  const refused = await problemOf(httpClient(plane.url, red).reports.slotMinutes.query({ team: "blue" }));
  expect(refused).toMatchObject({ problem: { code: "forbidden" } });
});

test("every field that is wrong is told", async () => {
  const { status, body } = await ask(plane.tokens.admin, "from=yesterday&by=lunch");
  expect(status).toBe(400);
  const { errors } = body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path).sort()).toEqual(["by", "from"]);
  const { status: unknown, body: told } = await ask(plane.tokens.admin, "by=label:commit");
  expect([unknown, told]).toEqual([400, expect.objectContaining({ code: "invalid_request" })]);
});
