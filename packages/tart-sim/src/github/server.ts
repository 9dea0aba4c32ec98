import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once, EventEmitter } from "node:events";
import { z } from "zod";
import { createJobBoard, type FakeJob, type FakeJobView } from "./job-board.ts";
import { jobResult, registrationRequest, runnerEvent } from "./messages.ts";
import { nextJobPath, registrationPath } from "./protocol.ts";
import { createRunnerRegister, type RegisteredRunner } from "./runners.ts";

export type { FakeJob, FakeJobView } from "./job-board.ts";

export interface FakeGitHubOptions {
  host?: string;
  /** 0, the default: any free one. */
  port?: number;
  /** How long a job survives without its lock being renewed (GitHub: 600). */
  lockSeconds?: number;
  /** Called whenever a job was added or has changed. */
  onChange?: () => void;
}

export interface FakeGitHub extends AsyncDisposable {
  url: string;
  /** Registers a just-in-time runner; `job` is queued for it alone. */
  createJitConfig(runner: { name: string; labels: string[]; job?: FakeJob }): { encodedJitConfig: string };
  /** A token for `config.sh --url <url>/<owner>`. */
  registrationToken(): string;
  /** Queues a job for any runner that has all the labels; the answer is its id. */
  enqueueJob(job: FakeJob & { labels?: string[] }): string;
  jobs(): FakeJobView[];
  /** Leaves the runner of that job waiting for an answer to its result, until the function is called. */
  holdResult(name: string): () => void;
  /** Resolves with the first job of that name (any, when none is given) once it is delivered or lost. */
  settled(name?: string): Promise<FakeJobView>;
  close(): Promise<void>;
}

/** How long a runner's question for a job stays open. */
const pollMs = 5000;

/** A GitHub that knows nothing but runners and jobs, for runners of tart-sim's guests. */
export async function startFakeGitHub(options: FakeGitHubOptions = {}): Promise<FakeGitHub> {
  const { host = "127.0.0.1", port = 0, lockSeconds = 10, onChange = () => {} } = options;
  const bell = new EventEmitter<{ changed: [] }>().setMaxListeners(0);
  const board = createJobBoard({ lockSeconds, changed: () => bell.emit("changed") });
  bell.on("changed", onChange);
  let url = "";
  const runners = createRunnerRegister(() => url);
  const held = new Map<string, Promise<void>>();

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const wrong = error instanceof z.ZodError || error instanceof SyntaxError;
      answer(response, wrong ? 400 : 500, { message: String(error) });
    });
  });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = `${request.method} ${request.url}`;
    if (route === `POST ${registrationPath}`) {
      const { token, name, labels } = registrationRequest.parse(await bodyOf(request));
      if (!runners.acceptsToken(token)) return answer(response, 404, { message: "Not Found" });
      if (runners.named(name))
        return answer(response, 409, { message: `A runner exists with the same name ${name}.` });
      return answer(response, 200, runners.add({ name, labels }));
    }
    const secret = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const runner = runners.bySecret(secret);
    if (runner === undefined) return answer(response, 401, { message: "Registration was not found." });
    if (route === `GET ${nextJobPath}`) return nextJob(runner, response);
    if (route === `DELETE ${registrationPath}`) {
      runners.removeBySecret(secret);
      return answer(response, 204);
    }
    const [, id = "", what] = /^\/_fake\/jobs\/([^/]+)\/(events|lock|result)$/.exec(request.url ?? "") ?? [];
    if (what === undefined || request.method !== "POST")
      return answer(response, 404, { message: "Not Found" });
    const body = await bodyOf(request);
    if (what === "result") await held.get(board.views().find((job) => job.id === id)?.name ?? "");
    const known =
      what === "lock"
        ? board.renew(id)
        : what === "events"
          ? board.record(id, runnerEvent.parse(body))
          : board.deliver(id, jobResult.parse(body).conclusion);
    answer(response, known ? 204 : 410, known ? undefined : { message: "The job is not running." });
  };

  const nextJob = async (runner: RegisteredRunner, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const over = AbortSignal.any([gone.signal, AbortSignal.timeout(pollMs)]);
    for (;;) {
      if (gone.signal.aborted) return;
      const job = board.take(runner.name, runner.labels);
      if (job !== undefined) return answer(response, 200, job);
      if (over.aborted) return answer(response, 204);
      await once(bell, "changed", { signal: over }).catch(() => {});
    }
  };

  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake GitHub has no port");
  url = `http://${host}:${address.port}`;

  const close = async (): Promise<void> => {
    board.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };

  return {
    url,
    createJitConfig({ name, labels, job }) {
      const files = runners.add({ name, labels });
      if (job !== undefined) board.add(job, name, labels);
      return { encodedJitConfig: Buffer.from(JSON.stringify(files)).toString("base64") };
    },
    registrationToken: () => runners.newToken(),
    enqueueJob: ({ labels = [], ...job }) => board.add(job, null, labels),
    jobs: () => board.views(),
    holdResult(name) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(name, promise);
      return resolve;
    },
    async settled(name) {
      for (;;) {
        const found = board
          .views()
          .find((job) => job.state === "completed" && (name === undefined || job.name === name));
        if (found !== undefined) return found;
        await once(bell, "changed");
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}

function answer(response: ServerResponse, status: number, body?: object): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
