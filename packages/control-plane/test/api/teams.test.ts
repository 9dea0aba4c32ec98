import { createVmSchema } from "@tartfleet/shared";
import type { TokenRole } from "@tartfleet/shared";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpClient, problemOf, socketClient } from "../helpers/client.ts";
import { enrol, hello } from "../helpers/host.ts";
import { ADMIN, IMAGE, startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
let tokens: Record<string, string>;
/** A VM of each team. */
let vms: Record<"red" | "blue", string>;
const NOBODYS = "nosuchvm00000000";

beforeAll(async () => {
  plane = await startPlane();
  const token = async (role: TokenRole, team?: string) =>
    (await plane.useCases.createToken(ADMIN, { role, name: `${role} of ${team ?? "all"}`, team })).token;
  tokens = {
    admin: plane.tokens.admin,
    viewer: plane.tokens.viewer,
    "red ci": await token("ci", "red"),
    "red viewer": await token("viewer", "red"),
    "blue ci": await token("ci", "blue"),
    "blue viewer": await token("viewer", "blue"),
  };
  const make = async (team: "red" | "blue") =>
    (
      await as(`${team} ci`, "POST", "/v1/vms", {
        image: IMAGE,
        name: "same-name",
        hostLabels: { on: "mac" },
      })
    ).body.id;
  vms = { red: await make("red"), blue: await make("blue") };
});
afterAll(() => plane.close());

const as = (who: string, method: string, path: string, json?: unknown) =>
  plane.call(method, path, { token: tokens[who], json });

const isBound = (who: string) => who.includes(" ");
const teamOf = (who: string) => who.split(" ")[0];

/** What was answered, whichever VM it was asked of. */
const told = ({ status, body }: { status: number; body: unknown }, id: string) =>
  JSON.stringify({ status, body })
    .replaceAll(id, "ID")
    .replaceAll(/"requestId":"[^"]*"/g, "");

const CALLS: [method: string, path: string][] = [
  ["GET", ""],
  ["HEAD", ""],
  ["GET", "/wait"],
  ["GET", "/events"],
  ["DELETE", ""],
  ["POST", "/events"],
  ["GET", "/nothing"],
  ["PUT", ""],
];

describe("a token of a team", () => {
  it("is told the same of another team's VM as of one that does not exist, whatever it asks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(tokens).filter(isBound)),
        fc.constantFrom(...CALLS),
        fc.oneof(
          fc.constantFrom("", "?for=ready&timeoutSeconds=0", "?phase=x", "?limit=0&after=-1"),
          fc.webQueryParameters().map((query) => `?${query}`),
        ),
        async (who, [method, path], query) => {
          const other = teamOf(who) === "red" ? vms.blue : vms.red;
          const ask = (id: string) => as(who, method, `/v1/vms/${id}${path}${query}`);
          expect(told(await ask(other), other)).toBe(told(await ask(NOBODYS), NOBODYS));
        },
      ),
      { numRuns: 60 },
    );
    for (const id of Object.values(vms)) expect(plane.useCases.getVm(id).end).toBeNull();
  });

  it("is told the same by tRPC", async () => {
    for (const who of Object.keys(tokens).filter(isBound)) {
      const other = teamOf(who) === "red" ? vms.blue : vms.red;
      const client = httpClient(plane.url, tokens[who] ?? "").vms;
      const calls = [
        (id: string) => client.get.query({ id }),
        (id: string) => client.wait.query({ id, for: "ended", timeoutSeconds: 0 }),
        (id: string) => client.events.query({ id }),
        (id: string) => client.end.mutate({ id }),
      ];
      for (const call of calls) {
        const problem = async (id: string) => JSON.stringify(await problemOf(call(id))).replaceAll(id, "ID");
        const strip = (text: string) => text.replaceAll(/"requestId":"[^"]*"/g, "");
        expect(strip(await problem(other))).toBe(strip(await problem(NOBODYS)));
      }
    }
    for (const id of Object.values(vms)) expect(plane.useCases.getVm(id).end).toBeNull();
  });

  it("lists its own VMs alone, whatever it filters by and wherever it begins", async () => {
    const listed = async (who: string, query = "") =>
      (await as(who, "GET", `/v1/vms${query}`)).body.vms.map((vm: { id: string }) => vm.id);
    for (const who of Object.keys(tokens)) {
      const all = isBound(who) ? [teamOf(who) === "red" ? vms.red : vms.blue] : [vms.blue, vms.red];
      expect(await listed(who)).toEqual(all);
      expect(await listed(who, "?name=same-name")).toEqual(all);
      expect(await listed(who, "?team=red")).toEqual(all.filter((id) => id === vms.red));
    }
    const page = (id: string) => as("red viewer", "GET", `/v1/vms?cursor=${id}`);
    expect(await page(vms.red)).toMatchObject({ status: 200, body: { vms: [] } });
    expect(told(await page(vms.blue), vms.blue)).toBe(told(await page(NOBODYS), NOBODYS));
  });

  it("sees that slots are taken, but not by which of other teams' VMs", async () => {
    const principal = plane.useCases.authenticate(await enrol(plane, "mac-shared"));
    if (principal?.kind !== "host") throw new Error("not a host");
    const host = { principal, requestId: "test", address: null };
    const greeting = hello("machine-mac-shared");
    const { epoch } = await plane.useCases.agent.hello(host, {
      ...greeting,
      facts: { ...greeting.facts, labels: { on: "mac" } },
    });
    for await (const { assignments } of plane.useCases.agent.assignments(
      host,
      epoch,
      AbortSignal.timeout(10_000),
    )) {
      if (assignments.length === 2) break;
    }
    const occupants = async (who: string) => {
      const { body } = await as(who, "GET", "/v1/hosts/mac-shared");
      expect((await as(who, "GET", "/v1/hosts")).body.hosts).toEqual([body]);
      expect(await httpClient(plane.url, tokens[who] ?? "").hosts.list.query()).toEqual([body]);
      for (const slot of body.slots) expect(slot.state).toBe("busy");
      return body.slots.flatMap(({ vmId }: { vmId: string | null }) => vmId ?? []);
    };
    expect(await occupants("red ci")).toEqual([vms.red]);
    expect(await occupants("blue viewer")).toEqual([vms.blue]);
    expect(await occupants("viewer")).toEqual([vms.red, vms.blue]);
    for (const who of Object.keys(tokens)) {
      expect((await as(who, "GET", "/v1/fleet/capacity")).body.slots).toMatchObject({ total: 2, busy: 2 });
    }
    const shown = async (who: string) => {
      const { body } = await as(who, "GET", "/v1/fleet/board");
      expect(body.summary.slots).toMatchObject({ total: 2, busy: 2 });
      const { trpc, close } = socketClient(plane.port, tokens[who] ?? "");
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const { unsubscribe } = trpc.fleet.watch.subscribe(undefined, { onData: resolve, onError: reject });
      expect(await promise).toMatchObject({ whole: true, hosts: body.hosts });
      unsubscribe();
      await close();
      return body.hosts[0].slots.flatMap(({ vm }: { vm: { id: string } | null }) => vm?.id ?? []);
    };
    expect(await shown("red ci")).toEqual([vms.red]);
    expect(await shown("blue viewer")).toEqual([vms.blue]);
    expect(await shown("viewer")).toEqual([vms.red, vms.blue]);
  });

  it("makes, sees and ends its own", async () => {
    expect((await as("red viewer", "GET", `/v1/vms/${vms.red}`)).body).toMatchObject({ team: "red" });
    expect((await as("red viewer", "DELETE", `/v1/vms/${vms.red}`)).status).toBe(403);
    expect((await as("red ci", "DELETE", `/v1/vms/${vms.red}`)).status).toBe(202);
    expect((await as("admin", "DELETE", `/v1/vms/${vms.blue}`)).status).toBe(202);
  });
});

it("an admin's VMs are of the team default, and an admin or an enrolment token is of no team", async () => {
  const { vm } = await plane.useCases.createVm(ADMIN, createVmSchema.parse({ image: IMAGE }));
  expect(vm.team).toBe("default");
  for (const role of ["admin", "host-enrolment"]) {
    expect(await as("admin", "POST", "/v1/tokens", { role, name: "x", team: "red" })).toMatchObject({
      status: 400,
      body: { errors: [{ path: "team" }] },
    });
  }
});
