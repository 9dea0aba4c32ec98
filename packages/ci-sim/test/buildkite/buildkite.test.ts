import { expect, test } from "vitest";
import { connectAgent, makeSimBuildkite } from "../../src/buildkite/index.ts";

function start() {
  let now = 1_780_000_000_000;
  const buildkite = makeSimBuildkite({ now: () => now });
  const get = (path: string, authorization = `Token ${buildkite.token}`) =>
    buildkite.fetch(`${buildkite.url}${path}`, { headers: { authorization } });
  const agent = async (name = "vm-1") => {
    const played = await connectAgent(buildkite, { token: buildkite.token, name, queue: "mac" });
    if (!played) throw new Error("it was refused");
    return played;
  };
  return { buildkite, get, agent, later: (seconds: number) => void (now += seconds * 1000) };
}

test("the metrics are told to agent tokens alone, and not too often", async () => {
  const { buildkite, get, later } = start();
  buildkite.jobs.queue({ name: "a", queue: "mac" });
  buildkite.jobs.queue({ name: "b", queue: "mac", isWaiting: true });
  for (const wrong of [`Bearer ${buildkite.token}`, "Token other", ""])
    expect((await get("/metrics", wrong)).status).toBe(401);
  const told = await get("/metrics");
  expect(told.headers.get("buildkite-agent-metrics-poll-duration")).toBe("10");
  expect(await told.json()).toMatchObject({
    organization: { slug: "acme" },
    jobs: { scheduled: 1, waiting: 1, total: 2, queues: { mac: { scheduled: 1, running: 0 } } },
    agents: { total: 0, queues: {} },
  });
  const early = await get("/metrics");
  expect([early.status, early.headers.get("retry-after")]).toEqual([429, "10"]);
  later(10);
  expect((await get("/metrics")).status).toBe(200);
  expect(await (await get("/metrics/queue?name=mac")).json()).toMatchObject({ jobs: { scheduled: 1 } });
  expect((await get("/elsewhere")).status).toBe(404);
});

test("a job goes to one agent, which gets no other after it", async () => {
  const { buildkite, agent } = start();
  const job = buildkite.jobs.queue({ name: "a", queue: "mac" });
  buildkite.jobs.queue({ name: "b", queue: "mac" });
  const [first, second] = [await agent(), await agent("vm-2")];
  expect(await first.ping()).toBe(job.id);
  expect(await second.ping()).toBe(buildkite.jobs.named("b")?.id);
  await second.finish(job.id, 0);
  expect(job.state).toBe("running");
  await first.finish(job.id, 0);
  expect([job.state, job.exitStatus, job.starts]).toEqual(["finished", 0, 1]);
  buildkite.jobs.queue({ name: "c", queue: "mac" });
  expect(await first.ping()).toBeUndefined();
});

test("an agent that is silent for three minutes is lost, its job ends with -1, and is tried again by rule alone", async () => {
  const { buildkite, agent, get, later } = start();
  const job = buildkite.jobs.queue({ name: "a", queue: "mac", retries: 1 });
  const lost = await agent();
  await lost.ping();
  later(170);
  expect(await lost.beat(job.id)).toBe(false);
  later(181);
  await get("/metrics");
  expect([job.state, job.exitStatus]).toEqual(["finished", -1]);
  const again = buildkite.jobs.withId(job.retriedAs ?? "");
  expect([again?.name, again?.retries, again?.state]).toEqual(["a", 0, "scheduled"]);
  expect(await lost.ping()).toBeUndefined();
});

test("a job that is canceled is over when its agent says so, and at once when it has none", async () => {
  const { buildkite, agent } = start();
  const [running, queued] = ["a", "b"].map((name) => buildkite.jobs.queue({ name, queue: "mac" }));
  if (!running || !queued) throw new Error("there are no jobs");
  const played = await agent();
  await played.ping();
  buildkite.jobs.cancel(running);
  buildkite.jobs.cancel(queued);
  expect([running.state, queued.state]).toEqual(["canceling", "canceled"]);
  expect(await played.beat(running.id)).toBe(true);
  await played.finish(running.id, 1);
  expect(running.state).toBe("canceled");
});

test("nobody is served who does not say what Buildkite wants to know", async () => {
  const { buildkite } = start();
  const post = async (path: string, body: object, authorization = `Token ${buildkite.token}`) =>
    (
      await buildkite.fetch(`${buildkite.url}${path}`, {
        method: "POST",
        headers: { authorization },
        body: JSON.stringify(body),
      })
    ).status;
  expect(await post("/register", { meta_data: ["queue=mac"] })).toBe(422);
  expect(await post("/register", { name: "a", meta_data: ["mac"] })).toBe(422);
  expect(await post("/connect", {}, "Token nobody")).toBe(401);
  buildkite.tokens.clear();
  expect(await post("/register", { name: "a" })).toBe(401);
});
