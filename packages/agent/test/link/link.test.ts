import { reveal, type Report } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createLink, type Link, type LinkEnd } from "../../src/link/link.ts";
import { trpcControlPlane } from "../../src/link/trpc-control-plane.ts";
import { assignment } from "../support/assignments.ts";
import { FACTS } from "../support/facts.ts";
import { startControlPlane, type TestControlPlane } from "../support/test-control-plane.ts";
import { until } from "../support/until.ts";

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

function notePause(fields: object): void {
  if ("pauseMs" in fields) pauses.push(Number(fields.pauseMs));
}

let plane: TestControlPlane;
let stop: AbortController;
let sets: string[][];
let welcomes: number;
let lost: number;
let link: Link;
let end: Promise<LinkEnd>;

const pauses: number[] = [];

function start(credential = "good-credential", url = plane.url): void {
  stop = new AbortController();
  sets = [];
  pauses.length = 0;
  welcomes = 0;
  lost = 0;
  link = createLink({
    controlPlane: trpcControlPlane({ url, credential: () => ({ token: credential, trust: {} }) }),
    clock: systemClock,
    random: () => 0.02,
    log: { ...QUIET, debug: notePause, warn: notePause },
    host: {
      describe: async () => ({ machineId: "machine-1", facts: FACTS, instances: [] }),
      onWelcome: () => (welcomes += 1),
      onSet: ({ assignments }) => sets.push(assignments.map(({ vmId }) => vmId)),
      onLost: () => (lost += 1),
    },
  });
  end = link.run(stop.signal);
}

beforeEach(async () => {
  plane = await startControlPlane();
});

afterEach(async () => {
  stop.abort();
  await end;
  await plane.close();
});

const phase = (n: number, name: "pulling" | "booting" | "ready"): Report => ({
  kind: "phase",
  vmId: assignment(n).vmId,
  attempt: 1,
  phase: name,
});
const goneReport = (n: number): Report => ({ kind: "gone", vmId: assignment(n).vmId, attempt: 1 });

describe("a session", () => {
  test("says hello, receives whole sets, sends reports and heartbeats", async () => {
    plane.heartbeatSeconds = 0.05;
    plane.want(assignment(1));
    start();
    await until("the first set", () => sets.length === 1);
    link.put(phase(1, "pulling"));
    await until("the report", () => plane.reports.length === 1);
    plane.want(assignment(1), assignment(2));
    await until("the second set", () => sets.length === 2);
    expect(sets).toEqual([[assignment(1).vmId], [assignment(1).vmId, assignment(2).vmId]]);
    await until("heartbeats", () => plane.heartbeats > 2);
    expect(plane.hellos).toMatchObject([{ protocol: 1, machineId: "machine-1", facts: FACTS }]);
    expect(plane.facts).toEqual([]);
  });

  test("facts are sent when they changed, at once", async () => {
    start();
    await until("connected", () => welcomes === 1);
    link.setFacts(FACTS);
    link.setFacts({ ...FACTS, phantomSlots: 1 });
    await until("the facts", () => plane.facts.length === 1);
    expect(plane.facts).toMatchObject([{ phantomSlots: 1 }]);
  });

  test.each(["error", "complete"] as const)(
    "a subscription that ends by %s is begun anew, with a hello",
    async (how) => {
      plane.want(assignment(1));
      start();
      await until("the first set", () => sets.length === 1);
      plane.endSubscription(how);
      await until("another hello", () => plane.hellos.length === 2);
      await until("the set again", () => sets.length === 2);
      expect(lost).toBe(1);
    },
  );

  test("a dropped connection is followed by another session, and everything by the newest set", async () => {
    plane.want(assignment(1));
    start();
    for (let drops = 1; drops <= 5; drops += 1) {
      await until("a set", () => sets.length === drops);
      plane.dropConnections();
    }
    await until("a set", () => sets.length === 6);
    expect(plane.connections()).toBe(1);
  });
});

describe("reports", () => {
  test("arrive in order, again when their answer was lost, and none is missing", async () => {
    plane.want(assignment(1), assignment(2));
    start();
    await until("the set", () => sets.length === 1);
    plane.losesAnswers.report = 3;
    const said: Report[] = [
      { ...phase(1, "booting"), kind: "run_ended", cause: "stopped", logTail: "" },
      {
        vmId: assignment(1).vmId,
        attempt: 1,
        kind: "stop_rung",
        rung: "delete",
        outcome: "done",
        milliseconds: 1,
      },
      goneReport(1),
      { vmId: assignment(2).vmId, attempt: 1, kind: "run_ended", cause: "killed", logTail: "" },
      goneReport(2),
    ] as Report[];
    for (const report of said) {
      link.put(report);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const first = (report: Report) =>
      plane.reports.findIndex((seen) => seen.kind === report.kind && seen.vmId === report.vmId);
    await until("all of them", () => said.every((report) => first(report) >= 0));
    const order = said.map(first);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test("made while disconnected are told later, of the phases only the newest", async () => {
    plane.want(assignment(1));
    start("bad-credential");
    expect(await end).toMatchObject({ kind: "refused", status: 401 });
    start();
    link.put({ ...phase(1, "pulling"), pullPercent: 3 } as Report);
    link.put({ ...phase(1, "booting"), imageDigest: "sha256:abc" } as Report);
    link.put({ ...phase(1, "ready"), ip: "192.168.64.2" } as Report);
    await until("the report", () => plane.reports.length > 0);
    expect(plane.reports).toEqual([{ ...phase(1, "ready"), imageDigest: "sha256:abc", ip: "192.168.64.2" }]);
  });

  test("one that is refused does not hold up the others", async () => {
    plane.want(assignment(1), assignment(2));
    plane.refuses = ({ vmId }) => vmId === assignment(1).vmId;
    start();
    link.put(goneReport(1));
    link.put(goneReport(2));
    await until("the other", () => plane.reports.length === 1);
    expect(plane.reports).toEqual([goneReport(2)]);
  });
});

describe("while the control plane's disk is full", () => {
  test("reports and facts are said again in the same session", async () => {
    plane.heartbeatSeconds = 0.05;
    plane.want(assignment(1), assignment(2));
    start();
    await until("the set", () => sets.length === 1);
    plane.findsDiskFull = 2;
    link.setFacts({ ...FACTS, phantomSlots: 1 });
    link.put(goneReport(1));
    link.put(goneReport(2));
    await until("the reports", () => plane.reports.length === 2);
    await until("the facts", () => plane.facts.length === 1);
    expect(plane.reports).toEqual([goneReport(1), goneReport(2)]);
    expect(plane.hellos).toHaveLength(1);
    expect(lost).toBe(0);
  });

  test("a bootstrap is asked for again", async () => {
    plane.want(assignment(1));
    start();
    plane.findsDiskFull = 1;
    const answer = await link.bootstrap(
      { vmId: assignment(1).vmId, attempt: 1 },
      AbortSignal.timeout(100_000),
    );
    expect(answer).toMatchObject({ ok: true });
  });
});

describe("coming back", () => {
  test("when too many come at once waits as long as it was told to, and is let in", async () => {
    plane.overload = { times: 1, retryAfter: "0.2" };
    start();
    await until("connected", () => sets.length === 1);
    expect(pauses).toEqual([210]);
  });

  test.each(["soon", "-5", "1e9", ""])("after a Retry-After of %j is within a minute", async (retryAfter) => {
    plane.overload = { times: 1, retryAfter };
    start();
    await until("refused", () => pauses.length === 1);
    expect(pauses[0]).toBeGreaterThanOrEqual(10);
    expect(pauses[0]).toBeLessThanOrEqual(60_010);
  });

  test("is spread over as long as the welcome says, the first time", async () => {
    plane.returnWithinSeconds = 10;
    start();
    await until("connected", () => sets.length === 1);
    plane.overload = { times: 1, retryAfter: "0" };
    plane.dropConnections();
    await until("connected again", () => sets.length === 2);
    expect(pauses).toEqual([200, 20]);
  });
});

describe("a newer control plane", () => {
  test("may say more than is known: it is left out", async () => {
    plane.want({ ...assignment(1), colour: "red" } as never);
    start();
    await until("the set", () => sets.length === 1);
    expect(sets).toEqual([[assignment(1).vmId]]);
  });

  test("that wants what this agent does not know is not obeyed, neither in part nor by a guess", async () => {
    plane.want(assignment(1), { ...assignment(2), want: "hibernated" } as never);
    start();
    await until("tried again", () => plane.hellos.length > 2);
    expect(sets).toEqual([]);
    plane.want(assignment(1));
    await until("a set that can be read", () => sets.length > 0);
    expect(sets[0]).toEqual([assignment(1).vmId]);
  });
});

describe("what is final", () => {
  test("a newer session ends the link", async () => {
    start();
    await until("connected", () => sets.length === 1);
    plane.fence();
    expect(await end).toMatchObject({ kind: "problem", code: "session_fenced" });
  });

  test("but not this agent's own late hello", async () => {
    plane.losesAnswers.hello = 1;
    start();
    await until("connected", () => sets.length === 1);
    plane.fence();
    await until("connected again", () => sets.length === 2);
    plane.fence();
    expect(await end).toMatchObject({ code: "session_fenced" });
  });

  test("another protocol version", async () => {
    plane.protocol = 99;
    start();
    expect(await end).toMatchObject({ kind: "problem", code: "protocol_unsupported" });
  });

  test("a URL that is not a control plane's", async () => {
    start("good-credential", `${plane.url}/elsewhere`);
    expect(await end).toMatchObject({ kind: "refused", status: 404 });
  });

  test("a control plane that is away is not", async () => {
    const { url } = plane;
    await plane.close();
    start("good-credential", url);
    const state = await Promise.race([
      end,
      new Promise((resolve) => setTimeout(() => resolve("trying"), 200)),
    ]);
    expect(state).toBe("trying");
    plane = await startControlPlane();
  });
});

test("a bootstrap waits for a session and survives the loss of one", async () => {
  plane.want(assignment(1));
  start();
  const signal = AbortSignal.timeout(100_000);
  const answer = await link.bootstrap({ vmId: assignment(1).vmId, attempt: 1 }, signal);
  expect(reveal(answer)).toMatchObject({ ok: true, value: { vmToken: "vm-token" } });
});
