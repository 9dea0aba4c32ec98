import { serveParent } from "../processes/helper.ts";
import { monotonicMs } from "../processes/monotonic.ts";
import { openConnection } from "./connection.ts";
import { makePool } from "./pool.ts";

/** One request, sent again and again. */
export interface Target {
  url: string;
  method: "GET" | "POST";
  path: string;
  token: string;
  body?: string;
}

/** One request that was answered. */
export interface Answered {
  /** When it was to be sent, on the machine's monotonic clock in milliseconds. */
  from: number;
  /** From then until the answer had come, in milliseconds. */
  lastedMs: number;
  /** Of the record in the answer, where there is one. */
  id: string | undefined;
}

/** What a run of calls came to. */
export interface Calls {
  answered: Answered[];
  /** How long all of them took together. */
  seconds: number;
  /** Answers that were none, by status or error. */
  failed: Record<string, number>;
  /** Which part of a core this process used: above 0.8 it is the load that is measured. */
  cpu: number;
}

function makeCaller(target: Target, connections: number) {
  const url = new URL(target.url);
  const request = bytesOf(target);
  const pool = makePool(connections, () => openConnection(url));
  const answered: Answered[] = [];
  const failed: Record<string, number> = {};
  const fail = (why: string) => void (failed[why] = (failed[why] ?? 0) + 1);

  return {
    async call(from: number): Promise<void> {
      try {
        const { status, text } = await pool.use((connection) => connection.send(request));
        const lastedMs = monotonicMs() - from;
        if (status >= 300) fail(`HTTP ${status}`);
        else answered.push({ from, lastedMs, id: /"id":"([^"]+)"/.exec(text)?.[1] });
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
    },
    result(since: { at: number; cpu: NodeJS.CpuUsage }): Calls {
      pool.close();
      const seconds = (monotonicMs() - since.at) / 1000;
      const { user, system } = process.cpuUsage(since.cpu);
      return { answered, seconds, failed, cpu: (user + system) / 1e6 / seconds };
    },
  };
}

function bytesOf({ url, method, path, token, body }: Target): Buffer {
  const { host } = new URL(url);
  const content =
    body === undefined
      ? []
      : ["content-type: application/json", `content-length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, `host: ${host}`, `authorization: Bearer ${token}`, ...content];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body ?? ""}`);
}

const beginning = () => ({ at: monotonicMs(), cpu: process.cpuUsage() });

const load = {
  /** So many calls, each connection sending its next one when the last was answered. */
  async closed(target: Target, connections: number, count: number): Promise<Calls> {
    const caller = makeCaller(target, connections);
    const since = beginning();
    let left = count;
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        await caller.call(monotonicMs());
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
    return caller.result(since);
  },

  /** Calls at a rate, whether or not earlier ones were answered; times between them are exponential. */
  async open(target: Target, perSecond: number, seconds: number): Promise<Calls> {
    const caller = makeCaller(target, 256);
    const since = beginning();
    const until = since.at + seconds * 1000;
    const calls: Promise<void>[] = [];
    for (let next = since.at; next < until; next += (-Math.log(1 - Math.random()) / perSecond) * 1000) {
      const early = next - monotonicMs();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      calls.push(caller.call(next));
    }
    await Promise.all(calls);
    return caller.result(since);
  },
};

export type LoadProcess = typeof load;

serveParent(load);
