import { expect, test } from "vitest";
import { RUNNER } from "../../support/buildkite-world.ts";
import { countQueues } from "../../../src/integrations/buildkite/api.ts";
import { CiError } from "../../../src/integrations/poll.ts";

const { signal } = new AbortController();

function count(response: () => Response) {
  const asked: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(new Request(input, init));
    return response();
  };
  const source = { url: "https://agent.buildkite.test/v3", token: RUNNER.token, definitions: [RUNNER] };
  return { asked, answer: countQueues(source, { fetch, signal, version: "1.2.3" }) };
}

const metrics = { organization: { slug: "acme" }, jobs: {}, agents: {} };

test("what is asked is as Buildkite's own collector asks it, and its wish for rest is kept", async () => {
  const { asked, answer } = count(() =>
    Response.json(
      {
        ...metrics,
        jobs: { scheduled: 9, queues: { mac: { scheduled: 2, running: 1, waiting: 5, total: 8 } } },
        agents: { queues: { mac: { idle: 1, busy: 1, total: 2 } } },
      },
      { headers: { "Buildkite-Agent-Metrics-Poll-Duration": "30" } },
    ),
  );
  expect(await answer).toEqual({
    said: new Map([["ios", { waiting: 2, running: 1, idle: 1 }]]),
    restMs: 30_000,
  });
  const [request] = asked;
  expect([request?.method, request?.url]).toEqual(["GET", "https://agent.buildkite.test/v3/metrics"]);
  expect(request?.headers.get("authorization")).toBe(`Token ${RUNNER.token}`);
  expect(request?.headers.get("user-agent")).toBe("tartfleet/1.2.3");
});

test("a queue that is not told of has nothing in it", async () => {
  const { answer } = count(() => Response.json(metrics));
  expect((await answer).said.get("ios")).toEqual({ waiting: 0, running: 0, idle: 0 });
});

test.each([
  [401, { message: "Token expired" }, {}, /refuses the agent token \(401: Token expired\)/, 60_000],
  [403, "no JSON", {}, /refuses the agent token \(403\)/, 60_000],
  [429, {}, { "retry-after": "90" }, /too often/, 90_000],
  [429, {}, {}, /too often/, 60_000],
  [503, { message: "Down" }, { "retry-after": "7" }, /answered 503: Down/, 7000],
  [302, "", { location: "https://elsewhere.test" }, /answered 302/, 0],
  [200, { jobs: {} }, {}, /something else than metrics/, 0],
  [200, { ...metrics, jobs: { queues: { mac: { scheduled: -1 } } } }, {}, /something else than metrics/, 0],
])("an answer %i %j is no count, and says what to do", async (status, body, headers, message, restMs) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { answer } = count(() => new Response(text, { status, headers }));
  const error = await answer.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CiError);
  expect(error).toMatchObject({ message: expect.stringMatching(message), restMs });
  expect(String(error)).not.toContain(RUNNER.token);
});
