import {
  bootstrapRequestSchema,
  CallError,
  heartbeatSchema,
  helloSchema,
  protocolRefusal,
  reportsSchema,
  resolvedSchema,
  reveal,
} from "@tartfleet/shared";
import type { Hello } from "@tartfleet/shared";
import { z } from "zod";
import { live } from "./live.ts";
import { fromHost, router } from "./trpc.ts";

const anyProtocol = z.object({ protocol: z.int() });

/**
 * The protocol number is looked at first: an agent of another version may well send another shape, and
 * must be told why it is refused, not which fields are strange.
 */
function parseHello(input: unknown): Hello {
  const { data } = anyProtocol.safeParse(input);
  const refusal = data && protocolRefusal(data.protocol);
  if (refusal !== undefined) throw new CallError("protocol_unsupported", refusal);
  return helloSchema.parse(input);
}

/** What agents call over WebSocket. Every call can be repeated; none depends on the order of another. */
export const agentRouter = router({
  hello: fromHost.input(parseHello).mutation(({ ctx, input }) => ctx.useCases.agent.hello(ctx.host, input)),

  assignments: fromHost.input(z.object({ epoch: z.int() })).subscription(async function* (call) {
    const { ctx, input } = call;
    yield* live(ctx, (signal) => ctx.useCases.agent.assignments(ctx.host, input.epoch, signal), call.signal);
    if (call.signal?.aborted) return;
    // A client that is told "complete" does not subscribe again.
    throw new CallError("session_fenced", "The session is over; say hello again");
  }),

  report: fromHost
    .input(reportsSchema)
    .mutation(({ ctx, input }) => ctx.useCases.agent.report(ctx.host, input.epoch, input.reports)),

  heartbeat: fromHost
    .input(heartbeatSchema)
    .mutation(({ ctx, input: { epoch, ...changed } }) =>
      ctx.useCases.agent.heartbeat(ctx.host, epoch, changed),
    ),

  resolved: fromHost
    .input(resolvedSchema)
    .mutation(({ ctx, input: { epoch, reference, answer } }) =>
      ctx.useCases.agent.resolved(ctx.host, epoch, reference, answer),
    ),

  bootstrap: fromHost
    .input(bootstrapRequestSchema)
    .mutation(async ({ ctx, input: { epoch, ...attempt } }) =>
      reveal(await ctx.useCases.agent.bootstrap(ctx.host, epoch, attempt)),
    ),
});
