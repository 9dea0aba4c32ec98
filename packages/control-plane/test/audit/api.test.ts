import type { AuditRecord } from "@tartfleet/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vmWithToken } from "../helpers/host.ts";
import { startPlane, until, type Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

async function audit(query = ""): Promise<AuditRecord[]> {
  const { status, body } = await plane.call("GET", `/v1/audit${query}`, { token: plane.tokens.admin });
  expect(status).toBe(200);
  return body.records;
}

test("a call's act carries its request id and its address", async () => {
  const headers = { "x-request-id": "from-the-ci-system" };
  const { body: vm } = await plane.call("POST", "/v1/vms", {
    token: plane.tokens.ci,
    json: { image: "ghcr.io/org/image:1", hostLabels: { only: "nobody" } },
    headers,
  });
  const [act, ...more] = await audit(`?subject=${encodeURIComponent(`VM ${vm.id}`)}`);
  expect(act).toMatchObject({
    action: "vm.create",
    actor: expect.stringMatching(/^token the ci \([0-9a-z]{12}\)$/),
    address: "127.0.0.1",
    requestId: "from-the-ci-system",
  });
  expect(more).toEqual([]);
});

test("who may not is refused everywhere, and that stands in the log", async () => {
  const mine = await vmWithToken(plane, "one");
  const other = await vmWithToken(plane, "two");
  const refusals: [method: string, path: string, token: string][] = [
    ["DELETE", `/v1/vms/${other.id}`, mine.token],
    ["POST", `/v1/vms/${other.id}/events`, mine.token],
    ["GET", "/v1/audit", plane.tokens.ci],
    ["GET", "/v1/audit", plane.tokens.viewer],
    ["POST", "/v1/tokens", plane.tokens.ci],
    ["GET", "/trpc/audit.list?input=%7B%7D", plane.tokens.viewer],
  ];
  for (const [method, path, token] of refusals)
    expect((await plane.call(method, path, { token })).status, path).toBe(403);
  const rows = await until(async () => {
    const refused = (await audit("?limit=1000")).filter(({ outcome }) => outcome === "refused");
    return refused.length >= refusals.length ? refused : undefined;
  });
  expect(
    rows.map(({ actor, action, subject }) => `${actor.replace(/ \(.*/, "")}: ${action} ${subject}`),
  ).toEqual([
    `VM ${mine.id}: vm.end VM ${other.id}`,
    `VM ${mine.id}: vm.tell VM ${other.id}`,
    "token the ci: audit.read control plane",
    "token the viewer: audit.read control plane",
    "token the ci: token.manage control plane",
    "token the viewer: audit.read control plane",
  ]);
  expect(rows[0]).toMatchObject({ address: "127.0.0.1", details: { code: "forbidden" } });
});

test("a token that is not valid is counted, from where it came", async () => {
  expect((await plane.call("GET", "/v1/vms", { token: "tartfleet_guess" })).status).toBe(401);
  const [row] = await until(async () => {
    const rows = await audit("?action=login");
    return rows.length > 0 ? rows : undefined;
  });
  expect(row).toMatchObject({ actor: "unknown", outcome: "refused", address: "127.0.0.1" });
});

test("pages follow each other from either end, and filters are exact", async () => {
  for (let n = 0; n < 5; n += 1) await plane.createVm();
  const all = await audit("?limit=1000");
  expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
  const paged: AuditRecord[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const { body } = await plane.call("GET", `/v1/audit?limit=2&after=${after}`, {
      token: plane.tokens.admin,
    });
    paged.push(...body.records);
    after = body.next;
  }
  expect(paged).toEqual(all);
  const newest = await audit("?limit=2&order=newest");
  expect(newest).toEqual(all.slice(-2).reverse());
  expect(await audit(`?limit=2&order=newest&after=${newest[1]?.seq}`)).toEqual(all.slice(-4, -2).reverse());
  expect(await audit("?action=vm.create&limit=1000")).toEqual(
    all.filter(({ action }) => action === "vm.create"),
  );
  const actor = all.at(-1)?.actor ?? "";
  expect(await audit(`?actor=${encodeURIComponent(actor)}&limit=1000`)).toEqual(
    all.filter((row) => row.actor === actor),
  );
  const since = all[3]?.at ?? "";
  expect(await audit(`?since=${since}&limit=1000`)).toEqual(all.filter(({ at }) => at >= since));
  expect(await audit("?since=2999-01-01T00:00:00Z")).toEqual([]);
});
