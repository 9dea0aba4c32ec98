import { CallError, createVmSchema, type AuditRecord } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Caller, UseCases } from "../../src/engine/use-cases.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { CI, callerOf, FACTS, settle, startFleet } from "../support/fleet.ts";

const ADMIN = callerOf({ kind: "token", tokenId: "adm0", role: "admin", name: "boss", team: null });
const IMAGE = "ghcr.io/org/image:1";

function logOf(useCases: UseCases): AuditRecord[] {
  return useCases.auditPage({ order: "oldest", limit: 1000 }).records;
}

const codeOf = (result: PromiseSettledResult<unknown>) =>
  result.status === "rejected" && result.reason instanceof CallError ? result.reason.code : "fulfilled";

const lineOf = ({ actor, action, subject, outcome }: AuditRecord) =>
  `${actor}: ${action} ${subject}${outcome === "done" ? "" : " refused"}`;

test("each act of a VM's life stands in the log, by whom and from where", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1");
  const id = await fleet.create({ jobId: "4711", env: { SECRET: "canary-env" } });
  const other = await fleet.create();
  const about = { vmId: id, attempt: 1 };
  const guest = callerOf({ kind: "vm", ...about });
  await fleet.useCases.agent.bootstrap(host.host, host.epoch, about);
  await host.bringUpAll();
  await fleet.useCases.guestEvent(guest, id, { type: "job_started", details: {} });
  await fleet.useCases.endVm(guest, id, { phase: "job_hook", rc: 0 });
  await fleet.useCases.endVm(ADMIN, other, {});
  await fleet.useCases.endVm(ADMIN, other, {});
  const { id: token } = await fleet.useCases.createToken(ADMIN, { role: "ci", name: "build", team: "ios" });
  await fleet.useCases.revokeToken(ADMIN, token);
  await fleet.useCases.revokeToken(ADMIN, token);

  const rows = logOf(fleet.useCases);
  expect(rows.map(lineOf)).toEqual([
    "control plane: audit.begun audit log",
    "token ci (ci0): host.enrol host mac-1",
    "host mac-1: host.connect host mac-1",
    `token ci (ci0): vm.create VM ${id}`,
    `token ci (ci0): vm.create VM ${other}`,
    `host mac-1: vm.bootstrap VM ${id}`,
    `VM ${id}: vm.tell VM ${id}`,
    `VM ${id}: vm.announce VM ${id}`,
    `token boss (adm0): vm.end VM ${other}`,
    `token boss (adm0): token.create token build (${token})`,
    `token boss (adm0): token.revoke token build (${token})`,
  ]);
  expect(rows[3]).toMatchObject({
    address: "127.0.0.1",
    requestId: "test",
    details: { image: IMAGE, team: "default", jobId: "4711" },
  });
  expect(rows[9]?.details).toEqual({ role: "ci", team: "ios", expiresAt: null });
  expect(JSON.stringify(rows)).not.toMatch(/canary|tartfleet_/);
  fleet.close();
});

test("what is not valid, was done before or comes to nothing is no act", async () => {
  const fleet = await startFleet();
  const input = createVmSchema.parse({ image: IMAGE, name: "one" });
  await fleet.useCases.createVm(CI, input, "key");
  await fleet.useCases.createVm(CI, input, "key");
  const rows = logOf(fleet.useCases).length;
  const refused = await Promise.allSettled([
    fleet.useCases.createVm(CI, createVmSchema.parse({ image: IMAGE }), "key"),
    fleet.useCases.createVm(CI, createVmSchema.parse({ image: IMAGE, name: "one" })),
    fleet.useCases.createVm(CI, createVmSchema.parse({ image: IMAGE, ttlSeconds: 10_000_000 })),
    fleet.useCases.endVm(CI, "nosuchvmnosuchvm", {}),
    fleet.useCases.revokeToken(ADMIN, "nosuchtoken"),
  ]);
  expect(refused.map(codeOf)).toEqual([
    "idempotency_conflict",
    "name_taken",
    "invalid_request",
    "vm_not_found",
    "token_not_found",
  ]);
  expect(logOf(fleet.useCases)).toHaveLength(rows);
  fleet.close();
});

test("refusals that an intruder meets stand in the log", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1");
  const stranger = await fleet.host("mac-2");
  const id = await fleet.create({ jobId: "4711" });
  const about = { vmId: id, attempt: 1 };
  const { agent } = fleet.useCases;
  const [placed, other] =
    (await host.assignments()).assignments.length > 0 ? [host, stranger] : [stranger, host];
  const hello = { protocol: 1, machineId: "another-machine", facts: FACTS, instances: [] };
  const before = logOf(fleet.useCases).length;
  const calls = await Promise.allSettled([
    agent.bootstrap(other.host, other.epoch, about),
    agent.hello(placed.host, hello),
    agent.heartbeat(placed.host, placed.epoch - 1, {}),
    fleet.useCases.enrolHost(CI, { name: "mac-1", machineId: "another-machine" }),
    fleet.useCases.endVm(callerOf({ kind: "vm", ...about }), id, { jobId: "another" }),
  ]);
  expect(calls.map(({ status }) => status)).toEqual(calls.map(() => "rejected"));
  await settle();
  const refused = logOf(fleet.useCases).slice(before);
  expect(refused.map((row) => `${lineOf(row)}: ${String(row.details["code"])}`).sort()).toEqual(
    [
      `host ${other.host.principal.hostName}: agent.speak VM ${id} refused: attempt_not_current`,
      `host ${placed.host.principal.hostName}: agent.speak host ${placed.host.principal.hostName} refused: host_identity_conflict`,
      `host ${placed.host.principal.hostName}: agent.speak host ${placed.host.principal.hostName} refused: session_fenced`,
      "token ci (ci0): host.enrol host mac-1 refused: host_identity_conflict",
      `VM ${id}: vm.end VM ${id} refused: job_mismatch`,
    ].sort(),
  );
  fleet.close();
});

test("who is refused over and over fills no disk: 20 rows of one and 200 in all in ten minutes, then a number", async () => {
  const fleet = await startFleet();
  const vm = (n: number) => callerOf({ kind: "vm", vmId: `vm${n}`, attempt: 1 });
  for (let n = 0; n < 500; n += 1)
    fleet.useCases.noteRefusal(vm(0), "vm.end", "x".repeat(10_000), "forbidden");
  for (let n = 0; n < 500; n += 1) fleet.useCases.noteRefusal(vm(n), "vm.end", "VM other", "forbidden");
  await settle();
  const refused = () => logOf(fleet.useCases).filter(({ outcome }) => outcome === "refused");
  expect(refused().filter(({ actor }) => actor === "VM vm0")).toHaveLength(20);
  expect(refused()).toHaveLength(200);
  expect(refused()[0]?.subject).toHaveLength(100);
  await fleet.clock.pass(600_000);
  expect(refused().at(-1)).toMatchObject({ action: "refusals.counted", details: { more: 800 } });
  fleet.useCases.noteRefusal(vm(0), "vm.end", "VM other", "forbidden");
  await settle();
  expect(refused()).toHaveLength(202);
  await fleet.clock.pass(1_200_000);
  expect(refused()).toHaveLength(202);
  fleet.close();
});

test("of tokens that are not valid the first is written, and then their number", async () => {
  const fleet = await startFleet();
  for (let n = 0; n < 300; n += 1) fleet.useCases.noteStranger(`192.0.2.${n % 3}`);
  await fleet.clock.pass(600_000);
  const refused = logOf(fleet.useCases).filter(({ outcome }) => outcome === "refused");
  expect(refused.map(({ action, address, details }) => ({ action, address, details }))).toEqual([
    { action: "login", address: "192.0.2.0", details: {} },
    { action: "logins.counted", address: null, details: { more: 299, addresses: 3 } },
  ]);
  fleet.close();
});

/** Anybody's act, in any order; each says how many rows it must have added. */
const step = fc.oneof(
  fc.record({ do: fc.constant("create" as const), name: fc.nat(3), by: fc.nat(1) }),
  fc.record({ do: fc.constant("end" as const), vm: fc.nat(5), by: fc.nat(1) }),
  fc.record({ do: fc.constant("announce" as const), vm: fc.nat(5) }),
  fc.record({ do: fc.constant("token" as const) }),
  fc.record({ do: fc.constant("revoke" as const), token: fc.nat(3) }),
  fc.record({ do: fc.constant("enrol" as const), host: fc.nat(2), machine: fc.nat(1) }),
  fc.record({ do: fc.constant("restart" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

test("any acts by anybody, at once or one after the other: one row each, no gap, and the chain verifies", async () => {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database });
  const callers: Caller[] = [CI, ADMIN];
  const vms: string[] = [];
  const tokens: string[] = [];
  const changes = () =>
    database.db.$client
      .prepare<[], { n: number }>(
        `select (select count(*) from vms) + (select count(*) from tokens where kind = 'ci')
           + (select count(*) from tokens where kind = 'ci' and revoked_at is not null)
           + (select count(*) from tokens where kind = 'host')
           + (select count(*) from events where source = 'client' and type != 'accepted')
           + (select count(*) from events where source in ('guest', 'hook')) as n`,
      )
      .get()?.n;
  const acts = () =>
    database.db.$client
      .prepare<[], { n: number }>(
        "select count(*) as n from audit where outcome = 'done' and action not like 'audit.%'",
      )
      .get()?.n;

  async function act(what: Step): Promise<void> {
    const { useCases } = fleet;
    switch (what.do) {
      case "create": {
        const input = createVmSchema.parse({ image: IMAGE, name: `vm-${what.name}` });
        vms.push((await useCases.createVm(callers[what.by] ?? CI, input)).vm.id);
        return;
      }
      case "end":
        await useCases.endVm(callers[what.by] ?? CI, vms[what.vm] ?? "none", {});
        return;
      case "announce": {
        const vmId = vms[what.vm] ?? "none";
        await useCases.endVm(callerOf({ kind: "vm", vmId, attempt: 1 }), vmId, {});
        return;
      }
      case "token":
        tokens.push((await useCases.createToken(ADMIN, { role: "ci", name: "some" })).id);
        return;
      case "revoke":
        await useCases.revokeToken(ADMIN, tokens[what.token] ?? "none");
        return;
      case "enrol":
        await useCases.enrolHost(ADMIN, { name: `mac-${what.host}`, machineId: `machine-${what.machine}` });
        return;
      case "restart":
        return;
      default:
        what satisfies never;
    }
  }

  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 5 }), async (groups) => {
      for (const group of groups) {
        if (group.some((what) => what.do === "restart")) await fleet.restart();
        await Promise.allSettled(group.map(act));
        await settle();
        expect(acts()).toBe(changes());
      }
      expect(verifyAudit(database.db.$client).fault).toBeUndefined();
    }),
    { numRuns: 40 },
  );
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
