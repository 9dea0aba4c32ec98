import { boardSchema, changesSchema, TOPICS } from "@tartfleet/shared";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { socketClient } from "../helpers/client.ts";
import { enrol } from "../helpers/host.ts";
import { ADMIN, startPlane, until, type Plane } from "../helpers/plane.ts";
import { openStream, type SseStream } from "../helpers/sse.ts";

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.close());

const messages = (stream: SseStream) => stream.events().map(({ data }) => data as unknown);

describe("the fleet over server-sent events", () => {
  test("the board comes whole and then what changes on it", async () => {
    const stream = await openStream(`${plane.url}/v1/fleet/board`, plane.tokens.viewer);
    await until(() => messages(stream).length === 1);
    await enrol(plane, "mac-1");
    await until(() => messages(stream).length >= 2);
    const [first, second] = messages(stream).map((message) => boardSchema.parse(message));
    expect(first).toMatchObject({ whole: true, hosts: [] });
    expect(second).toMatchObject({ whole: false, hosts: [{ name: "mac-1" }] });
    stream.cut();
  });

  test("all is to be read at first, and then what has changed", async () => {
    const stream = await openStream(`${plane.url}/v1/fleet/changes`, plane.tokens.ci);
    await until(() => messages(stream).length === 1);
    await plane.useCases.setTeam(ADMIN, "ios", { guaranteed: 1, cap: null, weight: 1 });
    await until(() => messages(stream).length >= 2);
    const [first, second] = messages(stream).map((message) => changesSchema.parse(message).topics);
    expect(first).toEqual(TOPICS);
    expect(second).toContain("teams");
    expect(second).not.toContain("tokens");
    stream.cut();
  });

  test("ends when its token is revoked; without the right one, or asked for as JSON, it is refused", async () => {
    const { id, token } = await plane.useCases.createToken(ADMIN, { role: "viewer", name: "for a while" });
    const stream = await openStream(`${plane.url}/v1/fleet/changes`, token);
    await plane.useCases.revokeToken(ADMIN, id);
    await stream.ended;
    const refused = await openStream(`${plane.url}/v1/fleet/board`, plane.tokens["host-enrolment"]);
    expect(refused.response.statusCode).toBe(403);
    expect(await plane.call("GET", "/v1/fleet/changes", { token: plane.tokens.viewer })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", detail: expect.stringContaining("text/event-stream") },
    });
  });
});

test("a change is written as JSON once, however many look at it on sockets and as events", async () => {
  const clients = Array.from({ length: 10 }, () => socketClient(plane.port, plane.tokens.viewer));
  const boards = clients.map((client) => {
    const heard: unknown[] = [];
    client.trpc.fleet.watch.subscribe(undefined, { onData: (board) => void heard.push(board) });
    return heard;
  });
  const stream = await openStream(`${plane.url}/v1/fleet/board`, plane.tokens.viewer);
  await until(() => [...boards, messages(stream)].every(({ length }) => length === 1));
  const stringify = vi.spyOn(JSON, "stringify");
  await enrol(plane, "mac-2");
  await until(() => [...boards, messages(stream)].every(({ length }) => length === 2));
  const written = stringify.mock.calls.filter(([value]) => boardSchema.safeParse(value).success);
  stringify.mockRestore();
  expect(written).toHaveLength(1);
  expect(new Set(boards.map(([, board]) => JSON.stringify(board))).size).toBe(1);
  expect(boards[0]?.[1]).toEqual(messages(stream)[1]);
  stream.cut();
  await Promise.all(clients.map((client) => client.close()));
});
