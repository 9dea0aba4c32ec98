import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { startFakeGitHub, type FakeGitHub, type FakeJob } from "@tartfleet/tart-sim";
import { makeSimGitHub, type SimGitHub } from "./github.ts";
import type { SimJob } from "./jobs.ts";

/** A GitHub on a port of this machine, whose JIT configurations make the runners of simulated guests take its jobs. */
export interface ServedGitHub extends AsyncDisposable {
  url: string;
  github: SimGitHub;
  /** Queues a job with what it does. */
  queue(job: FakeJob & { labels: string[] }): SimJob;
  close(): Promise<void>;
}

export async function serveSimGitHub({ lockSeconds = 10 } = {}): Promise<ServedGitHub> {
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.destroy(asError(error)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  const url = `http://127.0.0.1:${address.port}`;
  /** By the job's id: what it does. */
  const work = new Map<string, FakeJob>();
  const bench: FakeGitHub = await startFakeGitHub({ lockSeconds, onChange: follow });
  const github = makeSimGitHub({ url, makeJit: (runner) => bench.createJitConfig(runner).encodedJitConfig });

  // The bench knows runners by labels alone: a job of a set is put there when the set has acquired it.
  const atBench = new Set<number>();
  function put(job: SimJob): void {
    if (atBench.has(job.id)) return;
    atBench.add(job.id);
    bench.enqueueJob({ ...work.get(String(job.id)), name: String(job.id), labels: job.labels });
  }

  /** What happened between runners and their jobs. */
  function follow(): void {
    for (const { name, state, runnerName, conclusion } of bench.jobs()) {
      const job = github.jobs.required(Number(name));
      const runner = runnerName === null ? undefined : github.runners.named(runnerName);
      if (state !== "queued" && job.status === "queued" && runner) {
        Object.assign(runner, { status: "online", busy: true });
        github.jobs.start(job.id, runner);
      }
      if (state === "completed" && job.status !== "completed") github.finish(job.id, conclusion ?? "failure");
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const answered = await github.handle(
      new Request(`${url}${request.url ?? "/"}`, {
        method: request.method ?? "GET",
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
          typeof value === "string" ? [[name, value]] : [],
        ),
        signal: gone.signal,
        ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
      }),
    );
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
    for (const job of github.jobs.all) if (job.setId !== null) put(job);
  }

  const close = async (): Promise<void> => {
    await bench.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    url,
    github,
    queue({ labels, ...job }) {
      const { name } = job;
      const made = github.jobs.queue({ labels, ...(name === undefined ? {} : { name }) });
      work.set(String(made.id), job);
      const hasSet = github.sets.some((set) => labels.every((label) => set.labels.includes(label)));
      if (!hasSet) put(made);
      return made;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
