import { initTRPC } from "@trpc/server";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { CallError, toProblem } from "@tartfleet/shared";
import { z } from "zod";
import type { Caller, UseCases } from "../engine/use-cases.ts";
import type { Access } from "./admission.ts";
import { authorize, authorizeForVm } from "./authorize.ts";
import type { Action } from "./authorize.ts";
import { callErrorOf } from "./errors.ts";

/** What a call knows of its surroundings. One per HTTP request, and one per WebSocket connection. */
export interface CallContext {
  useCases: UseCases;
  /** What the token that was sent gives access to; each call asks. */
  enter(): Promise<Access>;
  requestId: string;
  /** Where the call comes from. */
  address: string;
  /** W3C Trace Context of an HTTP request; on a socket there is none for each call. */
  traceparent?: string | undefined;
  /** Aborts when the control plane begins to shut down. */
  draining: AbortSignal;
  /** On a socket: when what was sent has left; undefined when it has. */
  drained?: (() => Promise<void> | undefined) | undefined;
}

const BY_STATUS: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
  // tRPC has no word for 507.
  507: "SERVICE_UNAVAILABLE",
};

const t = initTRPC.context<CallContext>().create({
  isDev: false,
  sse: { ping: { enabled: true, intervalMs: 15_000 } },
  errorFormatter({ error, shape, ctx }) {
    const problem = toProblem(callErrorOf(error), ctx?.requestId);
    const code = BY_STATUS[problem.status] ?? "INTERNAL_SERVER_ERROR";
    return {
      message: problem.detail,
      code: TRPC_ERROR_CODES_BY_KEY[code],
      data: { code, httpStatus: problem.status, path: shape.data.path, problem },
    };
  },
});

export const { router } = t;

/** @throws CallError unauthenticated, rate_limited */
async function enter(ctx: CallContext): Promise<{ access: Access; caller: Caller }> {
  const { requestId, address, traceparent } = ctx;
  const access = await ctx.enter();
  return { access, caller: { principal: access.call(), requestId, address, traceparent } };
}

/** A call that the token's role alone allows or not. */
export function allowed(action: Action) {
  return t.procedure.use(async ({ ctx, next }) => {
    const entered = await enter(ctx);
    authorize(ctx.useCases, entered.caller, action);
    return next({ ctx: entered });
  });
}

/** A call about one VM; input has its id. */
export function aboutVm(action: Action) {
  return t.procedure
    .use(async ({ ctx, next }) => next({ ctx: await enter(ctx) }))
    .input(z.object({ id: z.string() }))
    .use(({ ctx, input, next }) => {
      authorizeForVm(ctx.useCases, ctx.caller, action, input.id);
      return next();
    });
}

/** A call of an agent; the host is the token's, never the input's. In one step, since agents call most. */
export const fromHost = t.procedure.use(async ({ ctx, next }) => {
  const { access, caller } = await enter(ctx);
  authorize(ctx.useCases, caller, "agent.speak");
  const { principal } = caller;
  if (principal.kind !== "host") throw new CallError("forbidden", "Only a host's own token may do this");
  return next({ ctx: { access, host: { ...caller, principal } } });
});
