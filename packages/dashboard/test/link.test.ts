import { QueryClient } from "@tanstack/react-query";
import { appRouter } from "@tartfleet/control-plane/router";
import { TOPICS } from "@tartfleet/shared";
import { expect, test, vi } from "vitest";
import { keepSubscribed, type Listener } from "../src/link/subscribe.ts";
import { QUERIES_OF, staleOf } from "../src/link/topics.ts";

test("what a topic makes stale are queries that the control plane has", () => {
  const known = Object.keys(appRouter._def.procedures);
  for (const topic of TOPICS) {
    for (const path of QUERIES_OF[topic]) {
      expect(
        known.some((name) => name === path || name.startsWith(`${path}.`)),
        `${topic}: ${path}`,
      ).toBe(true);
    }
  }
});

test("a topic makes its own queries stale and leaves the others", () => {
  const queries = new QueryClient();
  const list = [["vms", "list"], { input: {}, type: "query" }];
  const tokens = [["tokens", "list"], { type: "query" }];
  for (const key of [list, tokens]) queries.setQueryData(key, "an answer");
  staleOf(queries, ["vms", "hosts"]);
  expect(queries.getQueryState(list)?.isInvalidated).toBe(true);
  expect(queries.getQueryState(tokens)?.isInvalidated).toBe(false);
});

test("a subscription that the control plane ends with an error is opened again, until it is not wanted", () => {
  vi.useFakeTimers();
  const opened: Listener<number>[] = [];
  let closed = 0;
  const told: number[] = [];
  const stop = keepSubscribed<number>(
    (listener) => {
      opened.push(listener);
      return { unsubscribe: () => (closed += 1) };
    },
    (value) => told.push(value),
  );
  opened[0]?.onData(1);
  opened[0]?.onError();
  vi.runAllTimers();
  opened[1]?.onData(2);
  expect(told).toEqual([1, 2]);
  opened[1]?.onError();
  stop();
  vi.runAllTimers();
  expect(opened).toHaveLength(2);
  expect(closed).toBe(1);
  vi.useRealTimers();
});
