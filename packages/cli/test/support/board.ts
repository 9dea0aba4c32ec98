import type { ServerResponse } from "node:http";
import type { Board, BoardHost, QueuePage, Topic } from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";
import { explanation } from "./records.ts";

const AT = "2026-01-01T00:00:00.000Z";

export function boardHost(name: string, change: Partial<BoardHost> = {}): BoardHost {
  return {
    name,
    condition: "open",
    since: null,
    by: null,
    reason: null,
    labels: { xcode: "16" },
    errors: 0,
    warnings: 0,
    agentIsBehind: false,
    linuxVms: 0,
    slots: [
      { slot: 0, state: "free", vm: null },
      { slot: 1, state: "free", vm: null },
    ],
    ...change,
  };
}

export function boardOf(hosts: BoardHost[], change: Partial<Board["summary"]> = {}): Board {
  const states = hosts.flatMap(({ slots }) => slots.map(({ state }) => state));
  const many = (state: string) => states.filter((candidate) => candidate === state).length;
  return {
    whole: true,
    summary: {
      at: AT,
      slots: {
        total: states.length,
        busy: many("busy"),
        warm: many("warm"),
        draining: many("draining"),
        held: many("held"),
        free: many("free"),
        phantom: many("phantom"),
        unreachable: many("unreachable"),
        cordoned: many("cordoned"),
      },
      queue: { depth: 3, oldestSince: AT },
      wait: { p50Ms: 20_000, p95Ms: 240_000 },
      lastHour: { since: AT, ended: 120, failed: 2, failures: [{ reason: "start_failed", count: 2 }] },
      silentHosts: hosts.filter(({ condition }) => condition === "unreachable").length,
      ...change,
    },
    hosts,
    removed: [],
  };
}

/** What the stand-in says of the fleet as a whole, and to whom it says what changes. */
export function makeFleet() {
  const streams = { board: new Set<ServerResponse>(), changes: new Set<ServerResponse>() };
  let board = boardOf([
    boardHost("mac-1", {
      slots: [
        {
          slot: 0,
          state: "busy",
          vm: {
            id: "aaaabbbbccccdddd",
            name: "build-1",
            team: "ios",
            image: "ghcr.io/org/image:15",
            state: "booting",
          },
        },
        { slot: 1, state: "phantom", vm: null },
      ],
    }),
    boardHost("mac-2", { condition: "unreachable" }),
  ]);
  const queue: QueuePage = {
    total: 42,
    lines: 2,
    entries: [
      {
        vm: aVm({ id: "eeeeffffgggghhhh", createdAt: new Date().toISOString() }),
        alike: 41,
        explanation: explanation("eeeeffffgggghhhh"),
      },
    ],
  };
  const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  function open(kind: keyof typeof streams, response: ServerResponse, first: unknown): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(data(first));
    streams[kind].add(response);
    response.once("close", () => streams[kind].delete(response));
  }

  return {
    queue,
    board: () => board,
    openBoard: (response: ServerResponse) => open("board", response, board),
    openChanges: (response: ServerResponse) =>
      open("changes", response, { topics: ["vms", "hosts", "queue"] }),
    /** The board becomes another one; who looks is told what changed. */
    change(hosts: BoardHost[]): void {
      const names = new Set(hosts.map(({ name }) => name));
      board = boardOf([...board.hosts.filter(({ name }) => !names.has(name)), ...hosts]);
      for (const stream of streams.board) stream.write(data({ ...board, whole: false, hosts }));
    },
    tell(...topics: Topic[]): void {
      for (const stream of streams.changes) stream.write(data({ topics }));
    },
    isWatched: () => streams.board.size + streams.changes.size > 0,
    /** As a restart does. */
    drop(): void {
      for (const stream of [...streams.board, ...streams.changes]) stream.destroy();
    },
  };
}
