import {
  bootstrapRequestSchema,
  CallError,
  heartbeatSchema,
  helloSchema,
  PROTOCOL_VERSION,
  reportSchema,
  toProblem,
  type Assignment,
  type AssignmentSet,
  type Bootstrap,
  type Revealed,
  type Hello,
  type HostFacts,
  type Report,
} from "@tartfleet/shared";
import { initTRPC, TRPCError } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { z } from "zod";

/**
 * A control plane of the same shape as the real one, for agents under test: it keeps what it was told and
 * can be told to misbehave.
 */
export interface TestControlPlane {
  url: string;
  hellos: Hello[];
  /** Every report in the order in which it arrived, doubled ones too. */
  reports: Report[];
  facts: HostFacts[];
  heartbeats: number;
  enrolments: unknown[];
  /** Host names and their credentials. */
  credentials: Map<string, string>;
  enrolmentToken: string;
  bootstraps: { vmId: string; attempt: number }[];
  bootstrap: Revealed<Bootstrap>;
  logId: string;
  heartbeatSeconds: number;
  returnWithinSeconds: number;
  /** Applies so many reports (or hellos) to come, and cuts the connection instead of answering. */
  losesAnswers: { report: number; hello: number };
  /** So many reports, heartbeats with facts and bootstraps to come find its disk full. */
  findsDiskFull: number;
  /** Refuses reports that it says yes to. */
  refuses: (report: Report) => boolean;
  protocol: number;
  /** Answers so many connections to come with 503 and this Retry-After. */
  overload: { times: number; retryAfter: string };
  want(...assignments: Assignment[]): void;
  /** Another session takes over. */
  fence(): void;
  /** Ends the present subscription: by an error, or as if it were complete. */
  endSubscription(how: "error" | "complete"): void;
  dropConnections(): void;
  connections(): number;
  close(): Promise<void>;
}

const trpc = initTRPC.create({
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    data: {
      ...shape.data,
      ...(error.cause instanceof CallError ? { problem: toProblem(error.cause) } : {}),
    },
  }),
});

function fail(code: CallError["code"], detail: string): TRPCError {
  return new TRPCError({ code: "CONFLICT", cause: new CallError(code, detail) });
}

const reportsInput = z.object({ epoch: z.int(), reports: z.array(reportSchema) });

export async function startControlPlane(): Promise<TestControlPlane> {
  let epoch = 0;
  let set: AssignmentSet = { logId: "log-1", revision: 0, assignments: [] };
  let waiters: ((end?: "error" | "complete") => void)[] = [];
  const wake = (end?: "error" | "complete") => {
    const woken = waiters;
    waiters = [];
    for (const waiter of woken) waiter(end);
  };
  const present = (claimed: number) => {
    if (claimed !== epoch) throw fail("session_fenced", "a newer session speaks for this host");
  };

  const write = () => {
    if (plane.findsDiskFull <= 0) return;
    plane.findsDiskFull -= 1;
    throw fail("storage_full", "the disk is full");
  };

  const agent = trpc.router({
    hello: trpc.procedure.input(helloSchema).mutation(({ input }) => {
      plane.hellos.push(input);
      if (input.protocol !== plane.protocol) {
        throw fail("protocol_unsupported", "the agent is too old; install a newer one");
      }
      epoch += 1;
      wake();
      if (plane.losesAnswers.hello > 0) {
        plane.losesAnswers.hello -= 1;
        plane.dropConnections();
      }
      const { logId, heartbeatSeconds, returnWithinSeconds } = plane;
      return { logId, epoch, heartbeatSeconds, leaseSeconds: 15, returnWithinSeconds };
    }),
    assignments: trpc.procedure.input(z.object({ epoch: z.int() })).subscription(async function* ({
      input,
      signal,
    }) {
      for (;;) {
        present(input.epoch);
        yield { ...set, logId: plane.logId };
        const end = await new Promise<"error" | "complete" | undefined>((resolve) => {
          waiters.push(resolve);
          signal?.addEventListener("abort", () => resolve("complete"), { once: true });
        });
        if (end === "complete") return;
        if (end === "error") throw fail("internal", "something broke");
      }
    }),
    report: trpc.procedure.input(reportsInput).mutation(({ input }) => {
      present(input.epoch);
      write();
      if (input.reports.some(plane.refuses)) throw fail("invalid_request", "a report is not valid");
      plane.reports.push(...input.reports);
      if (plane.losesAnswers.report > 0) {
        plane.losesAnswers.report -= 1;
        plane.dropConnections();
      }
      return input.reports.map(() => ({ outcome: "applied" as const }));
    }),
    heartbeat: trpc.procedure.input(heartbeatSchema).mutation(({ input }) => {
      present(input.epoch);
      plane.heartbeats += 1;
      if (!input.facts) return;
      write();
      plane.facts.push(input.facts);
    }),
    bootstrap: trpc.procedure.input(bootstrapRequestSchema).mutation(({ input }) => {
      present(input.epoch);
      write();
      plane.bootstraps.push({ vmId: input.vmId, attempt: input.attempt });
      return plane.bootstrap;
    }),
  });

  const server = createServer((request, response) => {
    void enrol(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  const wss = new WebSocketServer({ noServer: true });
  applyWSSHandler({ wss, router: trpc.router({ agent }) });
  server.on("upgrade", (request, socket, head) => {
    const bearer = request.headers.authorization?.replace("Bearer ", "");
    if (plane.overload.times > 0) {
      plane.overload.times -= 1;
      socket.end(`HTTP/1.1 503 Overloaded\r\nretry-after: ${plane.overload.retryAfter}\r\n\r\n`);
      return;
    }
    if (request.url !== "/trpc" || ![...plane.credentials.values()].includes(bearer ?? "")) {
      socket.end(`HTTP/1.1 ${request.url === "/trpc" ? "401 Unauthorized" : "404 Not Found"}\r\n\r\n`);
      return;
    }
    wss.handleUpgrade(request, socket, head, (client) => wss.emit("connection", client, request));
  });

  async function enrol(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url !== "/v1/hosts") return { status: 404, body: { hello: "some other server" } };
    if (request.headers.authorization !== `Bearer ${plane.enrolmentToken}`) {
      const problem = toProblem(new CallError("unauthenticated", "The enrolment token is not known."));
      return { status: 401, body: problem };
    }
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    plane.enrolments.push(body);
    const { name } = z.object({ name: z.string() }).parse(body);
    const credential = `credential-of-${name}`;
    plane.credentials.set(name, credential);
    return { status: 201, body: { name, credential } };
  }

  const plane: TestControlPlane = {
    url: await listen(server),
    hellos: [],
    reports: [],
    facts: [],
    heartbeats: 0,
    enrolments: [],
    credentials: new Map([["known", "good-credential"]]),
    enrolmentToken: "enrol-me",
    bootstraps: [],
    bootstrap: {
      vmName: "build-1",
      jobId: null,
      publicUrl: "http://127.0.0.1:1",
      vmToken: "vm-token",
      env: {},
      runner: null,
    },
    logId: "log-1",
    heartbeatSeconds: 5,
    returnWithinSeconds: 0,
    losesAnswers: { report: 0, hello: 0 },
    findsDiskFull: 0,
    refuses: () => false,
    protocol: PROTOCOL_VERSION,
    overload: { times: 0, retryAfter: "" },
    want(...assignments) {
      set = { ...set, revision: set.revision + 1, assignments };
      wake();
    },
    fence() {
      epoch += 1;
      wake();
    },
    endSubscription: wake,
    dropConnections() {
      for (const client of wss.clients) client.terminate();
    },
    connections: () => wss.clients.size,
    async close() {
      plane.dropConnections();
      wss.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return plane;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
