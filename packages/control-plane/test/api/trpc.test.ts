import { vmRecordSchema } from "@tartfleet/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpClient, problemOf, socketClient } from "../helpers/client.ts";
import { enrol, FACTS, hello } from "../helpers/host.ts";
import { IMAGE, startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

/** Stands for a session whose assignments end without an error, which none should. */
const COMPLETE = -1;

let plane: Plane;
const opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  plane = await startPlane({
    change: (useCases) => ({
      capacity() {
        throw new Error("a bug that mentions hunter2");
      },
      agent: {
        ...useCases.agent,
        async *assignments(host, epoch, signal) {
          if (epoch !== COMPLETE) yield* useCases.agent.assignments(host, epoch, signal);
        },
      },
    }),
  });
});
afterAll(async () => {
  await Promise.all(opened.map((client) => client.close()));
  await plane.close();
});

function connect(token: string) {
  const client = socketClient(plane.port, token);
  opened.push(client);
  return client.trpc;
}

describe.each(["HTTP", "WebSocket"])("tRPC over %s", (kind) => {
  const as = (token: string) => (kind === "HTTP" ? httpClient(plane.url, token) : connect(token));

  it("does what REST does, by the same use cases", async () => {
    const ci = as(plane.tokens.ci);
    const { vm, created } = await ci.vms.create.mutate({
      vm: { image: IMAGE },
      idempotencyKey: `over ${kind}`,
    });
    expect(vmRecordSchema.parse(vm)).toEqual(vm);
    expect(created).toBe(true);
    expect(await ci.vms.get.query({ id: vm.id })).toEqual(vm);
    expect((await plane.call("GET", `/v1/vms/${vm.id}`, { token: plane.tokens.ci })).body).toEqual(vm);
    expect((await ci.vms.list.query({ state: "queued" })).vms.map(({ id }) => id)).toContain(vm.id);
    expect(await ci.vms.wait.query({ id: vm.id, for: "ready", timeoutSeconds: 0 })).toEqual(vm);
    expect((await ci.vms.end.mutate({ id: vm.id })).state).toBe("deleted");
    const events = await ci.vms.events.query({ id: vm.id });
    expect(events[0]).toMatchObject({ type: "accepted", vmId: vm.id });
    const admin = as(plane.tokens.admin);
    const made = await admin.tokens.create.mutate({ role: "viewer", name: "by trpc" });
    await admin.tokens.revoke.mutate({ id: made.id });
    expect((await admin.tokens.list.query()).find(({ id }) => id === made.id)?.revokedAt).not.toBeNull();
    expect(await admin.hosts.list.query()).toEqual(plane.useCases.listHosts());
  });

  it("fails with the same problems", async () => {
    const ci = as(plane.tokens.ci);
    expect(await problemOf(ci.vms.get.query({ id: "nosuchvm" }))).toMatchObject({
      code: "NOT_FOUND",
      httpStatus: 404,
      problem: { code: "vm_not_found", requestId: expect.any(String) },
    });
    const wrong = ci.vms.create.mutate({ vm: { image: "?", cpu: 0, colour: "red" } as never });
    expect(await problemOf(wrong)).toMatchObject({
      code: "BAD_REQUEST",
      problem: {
        code: "invalid_request",
        errors: expect.arrayContaining([
          expect.objectContaining({ path: "vm.image" }),
          expect.objectContaining({ path: "vm.cpu" }),
          { path: "vm.colour", message: "is not a known field" },
        ]),
      },
    });
    expect(await problemOf(ci.tokens.list.query())).toMatchObject({
      code: "FORBIDDEN",
      problem: { code: "forbidden" },
    });
    expect(await problemOf(ci.hosts.get.query({ name: "nobody" }))).toMatchObject({
      problem: { code: "host_not_found" },
    });
    const agent = ci.agent.heartbeat.mutate({ epoch: 1 });
    expect(await problemOf(agent)).toMatchObject({ problem: { code: "forbidden" } });
    const other = ci as unknown as { nope: { query(): Promise<unknown> } };
    expect(await problemOf(other.nope.query())).toMatchObject({ problem: { code: "route_not_found" } });
  });

  it("tells nothing of a bug but that there is one", async () => {
    const data = await problemOf(as(plane.tokens.viewer).fleet.capacity.query());
    expect(data).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
      httpStatus: 500,
      problem: { code: "internal" },
    });
    expect(JSON.stringify(data)).not.toMatch(/hunter2|stack/);
    expect(plane.lines.join("")).toContain("hunter2");
  });
});

describe("tRPC over HTTP", () => {
  it.each([
    [
      "malformed JSON",
      "vms.create",
      { raw: "{", headers: { "content-type": "application/json" } },
      "malformed_json",
    ],
    ["no body", "vms.create", {}, "unsupported_media_type"],
    ["a mutation by GET's rules", "vms.get", { json: { id: "x" } }, "method_not_allowed"],
    ["a body over 256 KiB", "vms.create", { json: "x".repeat(300_000) }, "payload_too_large"],
  ])("refuses %s", async (_name, procedure, init, code) => {
    const { text } = await plane.call("POST", `/trpc/${procedure}`, { token: plane.tokens.ci, ...init });
    const body = JSON.parse(text);
    expect(body.error?.data.problem.code ?? body.code).toBe(code);
  });

  it("logs who was refused, and what", async () => {
    await problemOf(httpClient(plane.url, plane.tokens.viewer).tokens.list.query());
    await until(() => plane.lines.find((line) => /"tokens\.list".*"forbidden".*"call refused"/.test(line)));
  });
});

describe("vms.follow", () => {
  it("gives every event once, goes on after the last one seen, and completes with the VM", async () => {
    const { trpc, close } = socketClient(plane.port, plane.tokens.ci);
    const { id } = await plane.createVm();
    const seen: string[] = [];
    for await (const event of trpc.vms.follow.subscribe({ id })) {
      seen.push(event.id);
      expect(event.id).toBe(String(event.data.id));
      if (event.data.type === "accepted") await trpc.vms.end.mutate({ id });
    }
    expect(seen).toEqual(plane.useCases.vmEvents(id, 0, 100).map((event) => String(event.id)));
    const rest = [];
    for await (const event of trpc.vms.follow.subscribe({ id, lastEventId: seen[0] })) rest.push(event.id);
    expect(rest).toEqual(seen.slice(1));
    await close();
  });
});

describe("an agent's calls", () => {
  it("speak for the host of the token, from hello to the whole set of assignments", async () => {
    const agent = connect(await enrol(plane, "mac-agent"));
    const vm = await plane.createVm({ hostLabels: { rack: "7" } });
    const facts = { ...FACTS, labels: { rack: "7" } };
    const { epoch, logId } = await agent.agent.hello.mutate({ ...hello("machine-mac-agent"), facts });
    for await (const set of agent.agent.assignments.subscribe({ epoch })) {
      expect(set.logId).toBe(logId);
      if (set.assignments.some(({ vmId, want }) => vmId === vm.id && want === "running")) break;
    }
    const [result] = await agent.agent.report.mutate({
      epoch,
      reports: [{ vmId: vm.id, attempt: 1, kind: "phase", phase: "pulling", pullPercent: 3 }],
    });
    expect(result).toMatchObject({ outcome: "applied" });
    await agent.agent.heartbeat.mutate({ epoch });
    const bootstrap = await agent.agent.bootstrap.mutate({ epoch, vmId: vm.id, attempt: 1 });
    expect(bootstrap.publicUrl).toBe(plane.url);
    expect(plane.lines.join("")).not.toContain(bootstrap.vmToken);
    expect(await problemOf(agent.vms.get.query({ id: vm.id }))).toMatchObject({
      problem: { code: "forbidden" },
    });
  });

  it("of an older session end by an error, in the subscription too", async () => {
    const credential = await enrol(plane, "mac-twice");
    const older = connect(credential);
    const newer = connect(credential);
    const first = await older.agent.hello.mutate(hello("machine-mac-twice"));
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    older.agent.assignments.subscribe(
      { epoch: first.epoch },
      {
        onData: () => begin(),
        onError: (error) => fail(error.data?.problem.code),
        onComplete: () => fail("complete"),
      },
    );
    await begun;
    await newer.agent.hello.mutate(hello("machine-mac-twice"));
    expect(await failed).toBe("session_fenced");
    expect(await problemOf(older.agent.heartbeat.mutate({ epoch: first.epoch }))).toMatchObject({
      code: "CONFLICT",
      problem: { code: "session_fenced" },
    });
  });

  it("never hear that their assignments are complete", async () => {
    const agent = connect(await enrol(plane, "mac-complete"));
    const { promise: ended, resolve: end } = Promise.withResolvers<unknown>();
    agent.agent.assignments.subscribe(
      { epoch: COMPLETE },
      { onError: (error) => end(error.data?.problem.code), onComplete: () => end("complete") },
    );
    expect(await ended).toBe("session_fenced");
  });

  it("of another protocol are told so, whatever else they look like", async () => {
    const agent = connect(await enrol(plane, "mac-future"));
    const strange = { protocol: 2, machine: { serial: "X" } } as never;
    expect(await problemOf(agent.agent.hello.mutate(strange))).toMatchObject({
      code: "CONFLICT",
      problem: { code: "protocol_unsupported", detail: expect.stringContaining("protocol 2") },
    });
    expect(await problemOf(agent.agent.hello.mutate({ machineId: 7 } as never))).toMatchObject({
      problem: {
        code: "invalid_request",
        errors: expect.arrayContaining([expect.objectContaining({ path: "protocol" })]),
      },
    });
  });
});
