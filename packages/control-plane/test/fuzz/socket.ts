import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import * as fc from "fast-check";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { enrol, FACTS, hello } from "../helpers/host.ts";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { hostile, spoil } from "./from-openapi.ts";
import { expectSound } from "./sound.ts";

type Frame = { text: string } | { bytes: Uint8Array };

/**
 * Speaks the agents' protocol, and like it but wrong, over real sockets of a host and of a CI system: tRPC's
 * envelopes as well as what is in them.
 */
export async function fuzzSockets(options: { numRuns: number; seed: number }): Promise<void> {
  const endless = { burst: 1e9, perSecond: 1e9 };
  const socketRates = { token: endless, host: endless, vm: endless };
  const plane = await startPlane({ limits: { socketRates, callRate: endless } });
  const tokens = [await enrol(plane, "mac-fuzz"), plane.tokens.ci];
  const vm = await plane.createVm();
  let socket: WebSocket | undefined;
  let token = "";

  async function connected(wanted: string): Promise<WebSocket> {
    if (socket?.readyState === WebSocket.OPEN && token === wanted) return socket;
    socket?.terminate();
    token = wanted;
    socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
      headers: { authorization: `Bearer ${wanted}` },
    });
    socket.on("error", () => {});
    try {
      await once(socket, "open");
    } catch (error) {
      // A fast machine connects more often than it is let in: it comes back in a moment, as it is told to.
      if (!String(error).includes("503")) throw error;
      await setTimeout(1000);
      return connected(wanted);
    }
    return socket;
  }

  const burst = fc.array(frameOf(vm.id), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...tokens), burst, async (wanted, frames) => {
      const open = await connected(wanted);
      const heard: string[] = [];
      const { promise: over, resolve } = Promise.withResolvers<unknown>();
      const hear = (data: Buffer) => {
        heard.push(data.toString());
        if (heard.at(-1)?.includes("the last question")) resolve(undefined);
      };
      open.on("message", hear).once("close", resolve);
      for (const frame of frames) open.send("text" in frame ? frame.text : frame.bytes);
      open.send(JSON.stringify({ id: "the last question", method: "query", params: { path: "vms.list" } }));
      await over;
      open.off("message", hear).off("close", resolve);
      for (const answer of heard) expect(answer).not.toMatch(/"code":"internal"|"stack"/);
    }),
    { ...options, endOnFailure: true },
  );
  expect(plane.fatal).toEqual([]);
  expect(plane.lines.filter((line) => line.includes('"msg":"bug"'))).toEqual([]);
  expectSound(plane);
  await expectAgentWorks(plane, tokens[0] ?? "");
  await plane.close();
}

/** After all of it, an agent that follows the rules is served. */
async function expectAgentWorks({ useCases }: Plane, credential: string): Promise<void> {
  const principal = useCases.authenticate(credential);
  if (principal?.kind !== "host") throw new Error("not a host");
  const host = { principal, requestId: "test", address: null };
  const slots = useCases.listHosts().flatMap((record) => record.slots);
  const held = slots.flatMap(({ vmId, attempt }) => (vmId === null ? [] : [{ vmId, attempt }]));
  const { epoch } = await useCases.agent.hello(host, hello("machine-mac-fuzz"));
  for await (const set of useCases.agent.assignments(host, epoch, AbortSignal.timeout(5000))) {
    const told = set.assignments.map(({ vmId, attempt }) => ({ vmId, attempt }));
    expect(told).toEqual(expect.arrayContaining(held));
    expect(told).toHaveLength(held.length);
    break;
  }
}

function frameOf(vmId: string): fc.Arbitrary<Frame> {
  const about = { vmId, attempt: 1 };
  const epoch = fc.oneof(fc.nat(50), hostile);
  const inputs: Record<string, fc.Arbitrary<unknown>> = {
    "agent.hello": fc.constant({ ...hello("machine-mac-fuzz"), facts: FACTS }),
    "agent.heartbeat": fc.record({ epoch, facts: fc.constant(FACTS) }),
    "agent.assignments": fc.record({ epoch }),
    "agent.bootstrap": fc.record({ epoch, vmId: fc.constant(vmId), attempt: fc.nat(2) }),
    "agent.report": fc.record({
      epoch,
      reports: fc.array(
        fc.constantFrom<object>(
          { ...about, kind: "phase", phase: "ready", ip: "10.0.0.1" },
          { ...about, kind: "phase", phase: "pulling", pullPercent: 7 },
          { ...about, kind: "run_ended", cause: "guest_shutdown", logTail: "\u001b[2J" },
          { ...about, kind: "script_result", exitCode: 0, output: "x", truncated: false },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    "vms.follow": fc.record({ id: fc.constant(vmId), lastEventId: fc.oneof(fc.nat(9), hostile) }),
    "vms.get": fc.record({ id: fc.oneof(fc.constant(vmId), hostile) }),
    "vms.list": fc.record({ label: hostile }),
    "__proto__.toString": hostile,
    "agent.nothing": hostile,
  };
  const call = fc.constantFrom(...Object.keys(inputs)).chain((path) =>
    fc.record({
      id: fc.oneof(fc.nat(5), fc.constantFrom(null, "x", -1)),
      jsonrpc: fc.constant("2.0"),
      method: fc.constantFrom("query", "mutation", "subscription", "subscription.stop"),
      params: fc.record(
        { path: fc.constant(path), input: inputs[path] ?? hostile, lastEventId: hostile },
        {
          requiredKeys: ["path", "input"],
        },
      ),
    }),
  );
  const wrong = fc.tuple(call, fc.nat(), hostile).map(spoil);
  const json = fc.oneof(
    { weight: 3, arbitrary: call },
    { weight: 3, arbitrary: wrong },
    fc.array(wrong, { maxLength: 5 }),
    hostile,
  );
  const text = json.map((value) => JSON.stringify(value) ?? "");
  // Cut off, or with something in the middle that JSON has no word for.
  const cut = fc.tuple(text, fc.nat()).map(([whole, at]) => whole.slice(0, at % (whole.length + 1)));
  const broken = fc.constantFrom(
    "[".repeat(20_000),
    '{"a":'.repeat(20_000),
    '{"id":1,"method":"connectionParams","data":{"__proto__":{"x":1}}}',
    `{"id":${"9".repeat(400)},"method":"query","params":{"path":"vms.list"}}`,
    '{"id":1,"id":2,"method":"subscription.stop"}',
    "\uD800",
    "PING",
    "PONG",
  );
  return fc.oneof(
    { weight: 6, arbitrary: text.map((made): Frame => ({ text: made })) },
    { weight: 1, arbitrary: cut.map((made): Frame => ({ text: made })) },
    { weight: 1, arbitrary: broken.map((made): Frame => ({ text: made })) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes): Frame => ({ bytes })) },
  );
}
