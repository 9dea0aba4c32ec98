import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import type { SimJenkins } from "../jenkins.ts";

const passSchema = z.object({ milliseconds: z.number() });
const queueSchema = z.object({ node: z.string(), script: z.string() });
const abortSchema = z.object({ id: z.string() });

export interface StepsOptions {
  jenkins: SimJenkins;
  now: () => number;
  /** Lets time pass: every branch of the build waits. */
  pass: (milliseconds: number) => Promise<void>;
}

/** What the steps of a Pipeline ask: that time passes, and that scripts run on nodes of a controller. */
export interface Steps extends AsyncDisposable {
  url: string;
  /** A person aborts the build. */
  abort(): void;
  /** The controller stops; the build is where it was when it was saved. */
  crash(): void;
}

export async function serveSteps({ jenkins, now, pass }: StepsOptions): Promise<Steps> {
  let pending = { abort: false, crash: false };

  function shown() {
    const { abort, crash } = pending;
    pending = { abort: false, crash: false };
    const nodes = jenkins.nodes.all().map(({ name }) => [name, jenkins.isOnline(name)]);
    const builds = jenkins.builds.map(({ id, state, result, reason }) => [id, { state, result, reason }]);
    return { now: now(), nodes: Object.fromEntries(nodes), builds: Object.fromEntries(builds), abort, crash };
  }

  async function step(path: string, body: unknown): Promise<object> {
    if (path === "/queue") {
      const { node, script } = queueSchema.parse(body);
      return { id: String(jenkins.queue(node, script).id) };
    }
    if (path === "/abort") {
      const { id } = abortSchema.parse(body);
      const build = jenkins.builds.find((each) => String(each.id) === id);
      if (build) jenkins.abort(build);
      return {};
    }
    await pass(passSchema.parse(body).milliseconds);
    return shown();
  }

  const server = createServer((request, response) => {
    void json(request)
      .then((body) => step(request.url ?? "", body))
      .then((answer) => response.end(JSON.stringify(answer)))
      .catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    abort: () => void (pending.abort = true),
    crash: () => void (pending.crash = true),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
