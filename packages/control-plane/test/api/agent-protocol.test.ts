import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Report } from "@tartfleet/shared";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { socketClient } from "../helpers/client.ts";
import { enrol, hello } from "../helpers/host.ts";
import { IMAGE, startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

/** What was said and heard on a socket when this version was current. Never changed afterwards. */
interface Step {
  say?: object;
  hear: object;
}
const recorded = (name: string): Step[] =>
  JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), "utf8"));

/** The recording with this run's VM in it; what may be anything becomes so. */
function filled<T>(recording: T, vmId: string): T {
  const fill = (_key: string, value: unknown) =>
    value === "$vm" ? vmId : value === "$any" ? expect.any(String) : value;
  const walk = (value: unknown): unknown => {
    const made = fill("", value);
    if (Array.isArray(made)) return made.map(walk);
    if (made !== value || typeof made !== "object" || made === null) return made;
    return Object.fromEntries(Object.entries(made).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(recording) as T;
}

describe("an agent of protocol 1", () => {
  it("is understood, and understands, as when its frames were recorded", async () => {
    const credential = await enrol(plane, "recorded", "machine-recorded");
    const vm = await plane.createVm({
      name: "recorded",
      jobId: "job-1",
      cpu: 4,
      env: { LANG: "en_US.UTF-8" },
      runner: { kind: "script", script: "exit 0" },
      hostLabels: { xcode: "16" },
    });
    const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
      headers: { authorization: `Bearer ${credential}` },
    });
    const heard: unknown[] = [];
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith("{")) heard.push(JSON.parse(text));
    });
    await once(socket, "open");
    const meant = (expected: object) =>
      heard.findIndex((frame) => {
        try {
          expect(frame).toMatchObject(expected);
          return true;
        } catch {
          return false;
        }
      });
    for (const { say, hear } of filled(recorded("agent-protocol-1"), vm.id)) {
      if (say) socket.send(JSON.stringify(say));
      await until(() => meant(hear) >= 0, 5).catch(() => expect(heard).toContainEqual(hear));
    }
    socket.terminate();
    expect((await plane.call("GET", `/v1/vms/${vm.id}`, { token: plane.tokens.ci })).body).toMatchObject({
      state: "deleted",
      attempt: 1,
      imageDigest: "sha256:abc",
      scriptResult: { exitCode: 0, output: "hello\n" },
      end: { reason: "guest_shutdown" },
    });
  });
});

describe("an agent that is newer", () => {
  it("may say more: fields that are not known are left out, kinds of reports are answered as ignored", async () => {
    const { trpc, close } = socketClient(plane.port, await enrol(plane, "newer"));
    const { id } = await plane.createVm({ hostLabels: { of: "newer" } });
    const said = hello("machine-newer");
    const facts = { ...said.facts, labels: { of: "newer" }, gpus: 2 };
    const { epoch } = await trpc.agent.hello.mutate({ ...said, facts, moreover: [1] } as typeof said);
    await until(async () => {
      const { body } = await plane.call("GET", `/v1/vms/${id}`, { token: plane.tokens.ci });
      return body.state === "assigned";
    });
    const about = { vmId: id, attempt: 1 };
    const reports = [
      { ...about, kind: "phase", phase: "booting", mood: "good" },
      { ...about, kind: "screenshot", png: "…" },
      { kind: "of a host, not an attempt" },
      { ...about, kind: "phase", phase: "ready" },
      { ...about, kind: "run_ended", cause: "struck_by_lightning", logTail: "" },
    ] as unknown as Report[];
    expect(await trpc.agent.report.mutate({ epoch, reports })).toEqual([
      { outcome: "applied" },
      { outcome: "ignored", reason: "this control plane knows no report of the kind screenshot" },
      { outcome: "ignored", reason: expect.stringContaining("of a host, not an attempt") },
      { outcome: "applied" },
      { outcome: "applied" },
    ]);
    const { body } = await plane.call("GET", `/v1/vms/${id}`, { token: plane.tokens.ci });
    expect(body).toMatchObject({ state: "stopping", end: { reason: "guest_crashed" } });
    await close();
  });

  it("may give a reason that is not known: the attempt fails all the same, with its words", async () => {
    const { trpc, close } = socketClient(plane.port, await enrol(plane, "reasons"));
    const { id } = await plane.createVm({ image: IMAGE, hostLabels: { of: "reasons" } });
    const said = hello("machine-reasons");
    const facts = { ...said.facts, labels: { of: "reasons" } };
    const { epoch } = await trpc.agent.hello.mutate({ ...said, facts });
    const failed = {
      kind: "failed",
      vmId: id,
      attempt: 1,
      phase: "booting",
      error: { code: "rack_on_fire", message: "The rack burns.", facts: {} },
    } as unknown as Report;
    await until(async () => {
      const [result] = await trpc.agent.report.mutate({ epoch, reports: [failed] });
      return result?.outcome === "applied";
    });
    const { body } = await plane.call("GET", `/v1/vms/${id}/events`, { token: plane.tokens.ci });
    expect(JSON.stringify(body)).toContain("The rack burns.");
    expect(JSON.stringify(body)).toContain("tart_failed");
    await close();
  });

  it("is refused when its protocol is a newer one, and told to wait for the control plane", async () => {
    const { trpc, close } = socketClient(plane.port, await enrol(plane, "protocol-2"));
    const refused = trpc.agent.hello.mutate({ ...hello("machine-protocol-2"), protocol: 2 });
    await expect(refused).rejects.toThrow(
      /speaks protocol 2, this control plane 1; upgrade the control plane/,
    );
    await close();
  });
});

it("a heartbeat that tells nothing new asks the database nothing", async () => {
  const client = socketClient(plane.port, await enrol(plane, "beating"));
  const { agent } = client.trpc;
  const { epoch } = await agent.hello.mutate(hello("machine-beating"));
  const statement: { get(): unknown; all(): unknown; run(): unknown } = Object.getPrototypeOf(
    plane.database.db.$client.prepare("select 1"),
  );
  const asked = [vi.spyOn(statement, "get"), vi.spyOn(statement, "all"), vi.spyOn(statement, "run")];
  // What hello has set going comes to its end meanwhile.
  await until(async () => {
    for (const spy of asked) spy.mockClear();
    await agent.heartbeat.mutate({ epoch });
    return asked.every((spy) => spy.mock.calls.length === 0);
  });
  for (const spy of asked) spy.mockRestore();
  await client.close();
});
