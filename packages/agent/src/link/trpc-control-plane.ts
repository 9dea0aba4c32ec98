import type { AppRouter } from "@tartfleet/control-plane/router";
import { createTRPCClient, createWSClient, TRPCClientError, wsLink } from "@trpc/client";
import {
  assignmentSetSchema,
  bootstrapSchema,
  problemSchema,
  reportResultSchema,
  welcomeSchema,
} from "@tartfleet/shared";
import type { Trust } from "@tartfleet/tls";
import { z } from "zod";
import { failed, ok } from "../tart/result.ts";
import type { Answer, CallFailure, Connection, ControlPlane } from "./control-plane.ts";
import { socketClass } from "./socket.ts";

export interface TrpcOptions {
  /** Of the control plane, http(s). */
  url: string;
  /** Asked anew for each connection. */
  credential: () => { token: string; trust: Trust };
}

const HANDSHAKE_MS = 10_000;
const CLOSE_MS = 1000;

/**
 * The control plane over tRPC and WebSocket. Every connection is one socket: tRPC's own reconnecting would
 * resubscribe with a fenced epoch, so the session that lost its socket is over and the next begins anew.
 */
export function trpcControlPlane({ url, credential }: TrpcOptions): ControlPlane {
  return {
    connect(signal) {
      return new Promise((resolve) => {
        const closed = Promise.withResolvers<CallFailure>();
        const { token, trust } = credential();
        const { socket, refusal, terminate } = socketClass({
          credential: token,
          trust,
          handshakeMs: HANDSHAKE_MS,
          closeMs: CLOSE_MS,
        });
        let reason: CallFailure = { kind: "lost", message: "the connection was closed" };
        let isOver = false;

        const end = () => {
          if (isOver) return;
          isOver = true;
          signal.removeEventListener("abort", end);
          // Stops the client's own reconnecting; it would wait for answers that cannot come any more.
          void client.close().catch(() => undefined);
          terminate();
          resolve(failed(reason));
          closed.resolve(reason);
        };

        const client = createWSClient({
          url: webSocketUrl(url),
          WebSocket: socket,
          retryDelayMs: () => 0,
          onOpen: () => resolve(ok(connectionOn(client, closed.promise, end))),
          onError: (event) => {
            reason = connectFailure(event, refusal());
            end();
          },
          onClose: (cause) => {
            if (reason.kind === "lost") reason = { kind: "lost", message: closeMessage(cause?.code) };
            end();
          },
        });
        if (signal.aborted) end();
        else signal.addEventListener("abort", end, { once: true });
      });
    },
  };
}

/** Where the control plane's WebSocket is. */
function webSocketUrl(url: string): string {
  const base = new URL(url);
  base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  base.pathname = `${base.pathname.replace(/\/$/, "")}/trpc`;
  return base.href;
}

function connectionOn(
  client: ReturnType<typeof createWSClient>,
  closed: Promise<CallFailure>,
  close: () => void,
): Connection {
  const { agent } = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });

  return {
    closed,
    close,
    hello: (hello, signal) => call(welcomeSchema, () => agent.hello.mutate(hello, { signal })),
    report: (epoch, reports, signal) =>
      call(resultsSchema, () => agent.report.mutate({ epoch, reports: [...reports] }, { signal })),
    async heartbeat(epoch, facts, signal) {
      const beat = { epoch, ...(facts === undefined ? {} : { facts }) };
      const answer = await call(z.unknown(), () => agent.heartbeat.mutate(beat, { signal }));
      return answer.ok ? ok() : answer;
    },
    async resolved(epoch, reference, answer, signal) {
      const said = await call(z.unknown(), () =>
        agent.resolved.mutate({ epoch, reference, answer }, { signal }),
      );
      return said.ok ? ok() : said;
    },
    bootstrap: (epoch, attempt, signal) =>
      call(bootstrapSchema, () => agent.bootstrap.mutate({ epoch, ...attempt }, { signal })),
    assignments: (epoch, onSet, signal) =>
      new Promise((resolve) => {
        let subscription: { unsubscribe(): void } | undefined;
        const over = (failure: CallFailure) => {
          resolve(failure);
          subscription?.unsubscribe();
        };
        subscription = agent.assignments.subscribe(
          { epoch },
          {
            signal,
            onData(data) {
              const set = read(assignmentSetSchema, data);
              if (set.ok) onSet(set.value);
              else over(set.failure);
            },
            onError: (error) => over(callFailure(error)),
            onComplete: () => over({ kind: "lost", message: "the control plane ended the subscription" }),
          },
        );
        void closed.then(over);
      }),
  };
}

const resultsSchema = z.array(reportResultSchema);

/** The types are the server's promise; another release may keep another one, so its answers are parsed. */
async function call<T>(output: z.ZodType<T>, ask: () => Promise<unknown>): Promise<Answer<T>> {
  try {
    return read(output, await ask());
  } catch (error) {
    return failed(callFailure(error));
  }
}

function read<T>(schema: z.ZodType<T>, data: unknown): Answer<T> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  const message = `the control plane answered something that this agent does not understand: ${z.prettifyError(parsed.error)}`;
  return failed({ kind: "unreadable", message });
}

const saidSchema = z.object({ problem: problemSchema });

function callFailure(error: unknown): CallFailure {
  if (!(error instanceof TRPCClientError)) return { kind: "lost", message: String(error) };
  const said = saidSchema.safeParse(error.data);
  if (said.success) {
    const { code, detail, errors } = said.data.problem;
    const fields = (errors ?? []).map(({ path, message }) => `${path} ${message}`).join("; ");
    return { kind: "problem", code, message: fields === "" ? detail : `${detail} (${fields})` };
  }
  if (error.shape) return { kind: "problem", code: "internal", message: error.message };
  return { kind: "lost", message: "the connection broke or the answer took too long" };
}

function connectFailure(
  event: Event | undefined,
  refusal: { status: number; retryAfterMs: number } | undefined,
): CallFailure {
  if (refusal) {
    const message = `the control plane refused the connection with HTTP ${refusal.status}`;
    return { kind: "refused", ...refusal, message };
  }
  const text = event && "message" in event ? String(event.message) : "";
  return { kind: "lost", message: text === "" ? "no connection" : text };
}

function closeMessage(code: number | undefined): string {
  if (code === 1012) return "the control plane is restarting";
  if (code === 4401) return "this host's credential is no longer valid";
  return `the connection was closed (${code ?? "?"})`;
}
