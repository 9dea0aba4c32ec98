import { expect, test } from "vitest";
import { namesOf, samplesOf } from "../support/exposition.ts";
import { ADMIN, startPlane } from "../helpers/plane.ts";

test("metrics are for admins and for viewers of the whole fleet, in Prometheus' format", async () => {
  const plane = await startPlane();
  await plane.createVm();
  const scrape = async (token?: string) => {
    const answer = await fetch(`${plane.url}/metrics`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  const ofTeam = { role: "viewer" as const, name: "of ios", team: "ios" };
  const bound = await plane.useCases.createToken(ADMIN, ofTeam);
  expect((await scrape()).status).toBe(401);
  expect((await scrape(plane.tokens.ci)).status).toBe(403);
  const refused = await scrape(bound.token);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain("of no team");
  const told = await scrape(plane.tokens.viewer);
  expect(told).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  expect(samplesOf(told.text).get('tartfleet_vms{state="queued"}')).toBe(1);
  expect(namesOf(told.text)).toContain("tartfleet_http_request_seconds");
  const requests = [...samplesOf(told.text)].filter(([name]) => name.includes("_seconds_count{method="));
  expect(requests.map(([name]) => name)).toContain(
    'tartfleet_http_request_seconds_count{method="GET",route="/metrics",status="4xx"}',
  );
  await plane.close();
});
