import type { VmEvent } from "@tartfleet/shared";
import { vmEventSchema } from "@tartfleet/shared";
import { afterEach, describe, expect, it } from "vitest";
import { ADMIN, startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { rawConnection } from "../helpers/raw.ts";
import { openStream } from "../helpers/sse.ts";

let plane: Plane;
afterEach(() => plane.close());

const follow = (id: string, headers: Record<string, string> = {}) =>
  openStream(`${plane.url}/v1/vms/${id}/events`, plane.tokens.viewer, headers);
const end = (id: string) => plane.call("DELETE", `/v1/vms/${id}`, { token: plane.tokens.ci });

describe("GET /v1/vms/{id}/events", () => {
  it("is the history as JSON, and from an event on", async () => {
    plane = await startPlane();
    const { id } = await plane.createVm();
    await end(id);
    const history = (query: string) =>
      plane.call("GET", `/v1/vms/${id}/events${query}`, { token: plane.tokens.viewer });
    const { events } = (await history("")).body;
    expect(events.map((event: unknown) => vmEventSchema.parse(event).type)).toContain("accepted");
    expect((await history(`?after=${events[0].id}`)).body.events).toEqual(events.slice(1));
    expect((await history("?limit=1")).body.events).toEqual(events.slice(0, 1));
  });

  it("follows live as server-sent events and ends with the VM", async () => {
    plane = await startPlane();
    const { id } = await plane.createVm();
    const stream = await follow(id);
    expect(stream.response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-request-id": expect.any(String),
    });
    await until(() => stream.events().length > 0);
    await end(id);
    await stream.ended;
    const { events } = (await plane.call("GET", `/v1/vms/${id}/events`, { token: plane.tokens.ci })).body;
    expect(stream.events().map(({ data }) => data)).toEqual(events);
    expect(stream.events().map((event) => [event.id, event.event])).toEqual(
      events.map((event: VmEvent) => [String(event.id), event.type]),
    );
  });

  it("resumes after Last-Event-ID, and says 204 when nothing more will come", async () => {
    plane = await startPlane();
    const { id } = await plane.createVm();
    await end(id);
    const whole = await follow(id);
    await whole.ended;
    const [first, ...rest] = whole.events();
    const resumed = await follow(id, { "last-event-id": first?.id ?? "" });
    await resumed.ended;
    expect(resumed.events()).toEqual(rest);
    const over = await follow(id, { "last-event-id": rest.at(-1)?.id ?? "" });
    expect(over.response.statusCode).toBe(204);
    const wrong = await follow(id, { "last-event-id": "abc" });
    expect(wrong.response.statusCode).toBe(400);
  });

  it("knows no stream of a VM that is not there, nor for a token that may not read", async () => {
    plane = await startPlane();
    expect((await follow("nosuchvm")).response.statusCode).toBe(404);
    const path = `${plane.url}/v1/vms/nosuchvm/events`;
    expect((await openStream(path, plane.tokens["host-enrolment"])).response.statusCode).toBe(403);
  });

  it("keeps a quiet stream alive with comments", async () => {
    plane = await startPlane({ limits: { streamBeatMs: 20 } });
    const { id } = await plane.createVm();
    const stream = await follow(id);
    await until(() => stream.text().split("\n\n: ").length > 3);
    expect(stream.events().map(({ event }) => event)).toEqual(["accepted"]);
    stream.cut();
  });

  it("lets go of a stream whose reader went away", async () => {
    let opened = 0;
    let released = 0;
    plane = await startPlane({
      change: (useCases) => ({
        async *followVmEvents(id, after, signal) {
          opened += 1;
          try {
            yield* useCases.followVmEvents(id, after, signal);
          } finally {
            released += 1;
          }
        },
      }),
    });
    const { id } = await plane.createVm();
    const streams = [await follow(id), await follow(id), await follow(id)];
    await until(() => streams.every((stream) => stream.events().length > 0));
    expect(opened).toBe(3);
    for (const stream of streams) stream.cut();
    await until(() => released === 3);
  });

  it("does not run ahead of a reader that does not read", async () => {
    let yielded = 0;
    plane = await startPlane({
      change: (useCases) => ({
        async *followVmEvents(id, after, signal) {
          const [event] = useCases.vmEvents(id, after, 1);
          if (!event) return;
          for (; yielded < 100_000 && !signal.aborted; yielded += 1) {
            yield { ...event, message: "x".repeat(10_000) };
          }
        },
      }),
    });
    const { id } = await plane.createVm();
    const { socket } = rawConnection(plane.port);
    socket.pause();
    socket.write(
      `GET /v1/vms/${id}/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer ${plane.tokens.ci}\r\n\r\n`,
    );
    // It stands still when the buffers between the two are full.
    let before = -1;
    await until(async () => {
      const isStill = yielded > 0 && yielded === before;
      before = yielded;
      await new Promise((done) => setTimeout(done, 100));
      return isStill && yielded === before;
    });
    expect(yielded).toBeLessThan(5000);
    socket.destroy();
  });

  it("ends a stream when its token is revoked", async () => {
    plane = await startPlane();
    const viewer = await plane.useCases.createToken(ADMIN, { role: "viewer", name: "soon gone" });
    const { id } = await plane.createVm();
    const stream = await openStream(`${plane.url}/v1/vms/${id}/events`, viewer.token);
    await until(() => stream.events().length === 1);
    await plane.useCases.revokeToken(ADMIN, viewer.id);
    await stream.ended;
    expect(stream.events()).toHaveLength(1);
  });
});

describe("a long poll", () => {
  it("is let go when its caller goes away", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    plane = await startPlane({
      change: (useCases) => ({
        async waitForVm(id, goal, seconds, signal) {
          signal.addEventListener("abort", () => release());
          begin();
          return useCases.waitForVm(id, goal, seconds, signal);
        },
      }),
    });
    const { id } = await plane.createVm();
    const { socket } = rawConnection(plane.port);
    socket.write(
      `GET /v1/vms/${id}/wait?for=ready&timeoutSeconds=600 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${plane.tokens.ci}\r\n\r\n`,
    );
    await begun;
    socket.destroy();
    await released;
    expect(plane.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
