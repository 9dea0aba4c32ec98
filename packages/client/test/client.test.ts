import { expect, test } from "vitest";
import { createClient, TartfleetError, type VmEvent } from "../src/index.ts";
import { answers, hangsUp, refuses, startPlane, streams } from "./support/plane.ts";

const vm = (state: string, parts: object = {}) => ({
  id: "aaaabbbbccccdddd",
  state,
  readyAt: null,
  ...parts,
});
const client = (url: string, retryForMs = 20_000) => createClient({ url, token: "tartfleet_x", retryForMs });

test("a create whose answer was lost is sent again with the key that it made itself", async () => {
  await using plane = await startPlane(hangsUp, refuses(503, "shutting_down"), answers(201, vm("queued")));
  const made = await client(plane.url).createVm({ image: "ghcr.io/org/macos:15" });
  expect(made).toMatchObject({ created: true, vm: { state: "queued" } });
  const keys = plane.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(plane.seen[2]).toMatchObject({
    method: "POST",
    url: "/v1/vms",
    body: '{"image":"ghcr.io/org/macos:15"}',
  });
  expect(plane.seen[2]?.headers.authorization).toBe("Bearer tartfleet_x");
});

test("a key that is given is used, and two creates without one have different ones", async () => {
  await using plane = await startPlane(answers(200, vm("ready")));
  const { createVm } = client(plane.url);
  expect(await createVm({ image: "x" }, { idempotencyKey: "job-1" })).toMatchObject({ created: false });
  await createVm({ image: "x" });
  await createVm({ image: "x" });
  const keys = plane.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys[0]).toBe("job-1");
  expect(new Set(keys).size).toBe(3);
});

test("Retry-After is waited for, and what would take longer than the patience is said at once", async () => {
  await using plane = await startPlane(
    refuses(429, "queue_full", {}, { "retry-after": "1" }),
    answers(200, vm("ready")),
  );
  const begun = performance.now();
  await client(plane.url).getVm("a");
  expect(performance.now() - begun).toBeGreaterThanOrEqual(1000);

  await using busy = await startPlane(refuses(429, "rate_limited", { retryAfterSeconds: 60 }));
  const failure = await client(busy.url)
    .getVm("a")
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "rate_limited", status: 429, retryAfterSeconds: 60 });
  expect(busy.seen).toHaveLength(1);
});

test("what the API refuses comes with its code and fields, and is not sent again", async () => {
  const errors = [{ path: "image", message: "must be an OCI reference" }];
  await using plane = await startPlane(refuses(400, "invalid_request", { errors, requestId: "r1" }));
  const failure = await client(plane.url)
    .createVm({ image: "?" })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TartfleetError);
  expect(failure).toMatchObject({
    code: "invalid_request",
    message: "because",
    status: 400,
    requestId: "r1",
    fields: errors,
    isTransient: false,
  });
  expect(plane.seen).toHaveLength(1);
});

test("nobody there is unreachable, and something else is not tartfleet", async () => {
  const plane = await startPlane(answers(200, vm("ready")));
  await plane[Symbol.asyncDispose]();
  await expect(client(plane.url, 0).getVm("a")).rejects.toMatchObject({ code: "unreachable" });
  await using other = await startPlane((response) => void response.end("<html>hello"));
  await expect(client(other.url).getVm("a")).rejects.toMatchObject({ code: "not_tartfleet", status: 200 });
});

test("a wait asks again until it is so, and a signal ends it with its reason", async () => {
  await using plane = await startPlane(
    answers(200, vm("booting")),
    hangsUp,
    answers(200, vm("ready", { readyAt: "2026-01-01T00:00:00.000Z" })),
  );
  expect(await client(plane.url).waitForVm("a", "ready")).toMatchObject({ state: "ready" });
  expect(plane.seen.map(({ url }) => url)).toEqual(
    Array(3).fill("/v1/vms/a/wait?for=ready&timeoutSeconds=50"),
  );

  await using silent = await startPlane(() => {});
  const stop = new AbortController();
  const waiting = client(silent.url).waitForVm("a", "ended", { signal: stop.signal });
  stop.abort(new Error("cancelled"));
  await expect(waiting).rejects.toThrow("cancelled");
});

test("a list is all pages as one", async () => {
  await using plane = await startPlane(
    answers(200, { vms: [{ id: "1" }, { id: "2" }], nextCursor: "c" }),
    answers(200, { vms: [], nextCursor: "d" }),
    answers(200, { vms: [{ id: "3" }], nextCursor: null }),
  );
  const ids: string[] = [];
  for await (const { id } of client(plane.url).listVms({ jobId: "j 1" })) ids.push(id);
  expect(ids).toEqual(["1", "2", "3"]);
  expect(plane.seen[2]?.url).toBe("/v1/vms?jobId=j+1&limit=500&cursor=d");
});

test("events go on where they were cut, each once, and end with the VM", async () => {
  const event = (id: number, state = "booting") => ({ id, state });
  await using plane = await startPlane(
    (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        `data: ${JSON.stringify(event(1))}\n\ndata: ${JSON.stringify(event(2))}\n\ndata: {"id": 3,`,
      );
      setImmediate(() => response.destroy());
    },
    refuses(503, "shutting_down"),
    answers(200, vm("ready")),
    streams(event(2), event(3), event(4, "deleted"), event(5, "deleted")),
  );
  const seen: VmEvent[] = [];
  for await (const one of client(plane.url).followEvents("a")) seen.push(one);
  expect(seen.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  const streamsAsked = plane.seen.filter(({ headers }) => headers.accept === "text/event-stream");
  expect(streamsAsked.map(({ headers }) => headers["last-event-id"])).toEqual(["0", "2"]);
});

test("whoever stops reading events frees the connection", async () => {
  let gone: Promise<void> | undefined;
  await using plane = await startPlane((response) => {
    gone = new Promise((resolve) => void response.once("close", resolve));
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .write('data: {"id": 1, "state": "ready"}\n\n');
  });
  for await (const { id } of client(plane.url).followEvents("a")) {
    expect(id).toBe(1);
    break;
  }
  await gone;
});

test("any call goes out by its name: path's parts encoded, query without what is not given, body as JSON", async () => {
  await using plane = await startPlane(answers(200, {}), answers(200, {}), (response) =>
    response.writeHead(204).end(),
  );
  const { request } = client(plane.url);
  await request("GET /v1/attempts", { query: { host: "mac 1", image: undefined, limit: "5" } });
  await request("PUT /v1/pools/{name}", { path: { name: "a/b" }, body: { image: "x", minIdle: 1 } });
  expect(await request("DELETE /v1/pools/{name}", { path: { name: "a" } })).toBeNull();
  expect(plane.seen.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
    "GET /v1/attempts?host=mac+1&limit=5 ",
    'PUT /v1/pools/a%2Fb {"image":"x","minIdle":1}',
    "DELETE /v1/pools/a ",
  ]);
});

test("what may be more when it is done twice is sent again when it was refused, and not when the answer was lost", async () => {
  await using lost = await startPlane(hangsUp);
  const body = { role: "ci", name: "github" } as const;
  const sent = client(lost.url).request("POST /v1/tokens", { body });
  await expect(sent).rejects.toMatchObject({ code: "unreachable", call: "POST /v1/tokens" });
  expect(lost.seen).toHaveLength(1);

  await using full = await startPlane(refuses(503, "shutting_down"), answers(201, { id: "t" }));
  expect(await client(full.url).request("POST /v1/tokens", { body })).toEqual({ id: "t" });
});

test("with failFast what never answered is not waited for, and what has is, and told of once", async () => {
  const told: string[] = [];
  const options = (url: string) => ({
    url,
    token: "t",
    retryForMs: 20_000,
    failFast: true,
    onLost: ({ code }: TartfleetError) => told.push(code),
    onBack: () => told.push("back"),
  });
  const nobody = await startPlane(hangsUp);
  await nobody[Symbol.asyncDispose]();
  await expect(createClient(options(nobody.url)).getVm("a")).rejects.toMatchObject({ code: "unreachable" });
  expect(told).toEqual([]);

  await using plane = await startPlane(
    answers(200, vm("ready")),
    hangsUp,
    refuses(503, "shutting_down"),
    answers(200, vm("ready")),
  );
  const { getVm } = createClient(options(plane.url));
  await getVm("a");
  await getVm("a");
  expect(told).toEqual(["unreachable", "back"]);
});

test("what is watched goes on over drops, until a signal ends it", async () => {
  await using plane = await startPlane(
    streams({ topics: ["vms"] }),
    refuses(503, "shutting_down"),
    streams({ topics: ["hosts"] }),
  );
  const stop = new AbortController();
  const all = createClient({ url: plane.url, token: "t", signal: stop.signal });
  const seen: unknown[] = [];
  const watched = (async () => {
    for await (const { topics } of all.watch("GET /v1/fleet/changes")) {
      seen.push(...topics);
      if (seen.length === 2) stop.abort(new Error("enough"));
    }
  })();
  await expect(watched).rejects.toThrow("enough");
  expect(seen).toEqual(["vms", "hosts"]);
});
