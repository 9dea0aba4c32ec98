import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

interface Heard {
  method: string;
  path: string;
  query: Record<string, string>;
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
}

/** A control plane that only listens: it keeps what it hears and answers as told, 202 by default. */
export interface HttpRecorder extends AsyncDisposable {
  url: string;
  heard: Heard[];
  /** Answers for the next requests, in order. */
  answers: number[];
  /** Answer when there is none for this request. */
  otherwise: number;
  /** Called before a request is answered. */
  onRequest: () => Promise<void>;
  /** Resolves when so many requests have come. */
  count(requests: number): Promise<void>;
}

export async function makeHttpRecorder(): Promise<HttpRecorder> {
  const recorder: HttpRecorder = {
    url: "",
    heard: [],
    answers: [],
    otherwise: 202,
    onRequest: async () => {},
    count: (requests) => until(() => recorder.heard.length >= requests),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((request, response) => {
    void (async () => {
      const heard = await hear(request);
      await recorder.onRequest();
      recorder.heard.push(heard);
      response.statusCode = recorder.answers.shift() ?? recorder.otherwise;
      response.end("{}");
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  recorder.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return recorder;
}

async function hear(request: IncomingMessage): Promise<Heard> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", "http://localhost");
  return {
    method: request.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    authorization: request.headers.authorization,
    contentType: request.headers["content-type"],
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

/** Waits for a condition, for at most 100 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(100_000);
  while (!(await condition())) {
    if (deadline.aborted) throw new Error("what was waited for did not come");
    await sleep(10);
  }
}
