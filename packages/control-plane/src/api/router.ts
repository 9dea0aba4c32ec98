import { tracked } from "@trpc/server";
import {
  attemptsQuerySchema,
  auditQuerySchema,
  capacityQuerySchema,
  createTokenSchema,
  cordonHostSchema,
  createVmSchema,
  deleteVmQuerySchema,
  drainHostSchema,
  holdVmSchema,
  historyQuerySchema,
  listVmsQuerySchema,
  rotateTokenSchema,
  nameSchema,
  planImageSchema,
  pruneImagesSchema,
  queueQuerySchema,
  rollOutSchema,
  setChannelSchema,
  setPoolSchema,
  setShareSchema,
  slotReportQuerySchema,
  teamSchema,
  waitQuerySchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { agentRouter } from "./agent-router.ts";
import { teamBoundOf } from "./authorize.ts";
import { afterSchema, eventsQuerySchema, idempotencyKeySchema } from "./inputs.ts";
import { live } from "./live.ts";
import {
  capacityFor,
  historyFor,
  hostFor,
  listVmsFor,
  slotReportFor,
  teamFor,
  teamsFor,
} from "./team-view.ts";
import { aboutVm, allowed, router } from "./trpc.ts";
import { waitForVm } from "./wait.ts";
import { webhookRouter } from "./webhook-router.ts";

const vms = router({
  create: allowed("vm.create")
    .input(z.strictObject({ vm: createVmSchema, idempotencyKey: idempotencyKeySchema.optional() }))
    .mutation(({ ctx, input }) => ctx.useCases.createVm(ctx.caller, input.vm, input.idempotencyKey)),

  list: allowed("vm.read")
    .input(listVmsQuerySchema)
    .query(({ ctx, input }) => listVmsFor(ctx.useCases, ctx.caller.principal, input)),

  get: aboutVm("vm.read").query(({ ctx, input }) => ctx.useCases.getVm(input.id)),

  explain: aboutVm("vm.read").query(({ ctx, input }) => ctx.useCases.explainVm(input.id)),

  wait: aboutVm("vm.read")
    .input(waitQuerySchema.extend({ id: z.string() }))
    .query(({ ctx, input, signal }) => waitForVm(ctx, input.id, input, signal)),

  events: aboutVm("vm.read")
    .input(eventsQuerySchema.extend({ id: z.string() }))
    .query(({ ctx, input }) => ctx.useCases.vmEvents(input.id, input.after, input.limit)),

  end: aboutVm("vm.end")
    .input(deleteVmQuerySchema.extend({ id: z.string() }))
    .mutation(({ ctx, input: { id, ...query } }) => ctx.useCases.endVm(ctx.caller, id, query)),

  hold: aboutVm("vm.hold")
    .input(holdVmSchema.extend({ id: z.string() }))
    .mutation(({ ctx, input: { id, ...hold } }) => ctx.useCases.holdVm(ctx.caller, id, hold)),

  unhold: aboutVm("vm.hold").mutation(({ ctx, input }) => ctx.useCases.unholdVm(ctx.caller, input.id)),

  /** History and then live, each with its event id; completes after the VM's last event. */
  follow: aboutVm("vm.read")
    .input(z.strictObject({ id: z.string(), lastEventId: afterSchema }))
    .subscription(async function* ({ ctx, input, signal: stopped }) {
      const follow = (signal: AbortSignal) =>
        ctx.useCases.followVmEvents(input.id, input.lastEventId, signal);
      for await (const event of live(ctx, follow, stopped)) yield tracked(String(event.id), event);
    }),
});

const hosts = router({
  list: allowed("host.read").query(({ ctx }) =>
    ctx.useCases.listHosts().map((host) => hostFor(ctx.useCases, ctx.caller.principal, host)),
  ),
  get: allowed("host.read")
    .input(z.object({ name: z.string() }))
    .query(({ ctx, input }) => hostFor(ctx.useCases, ctx.caller.principal, ctx.useCases.getHost(input.name))),
  revoke: allowed("host.revoke")
    .input(z.object({ name: z.string() }))
    .mutation(({ ctx, input }) => ctx.useCases.revokeHost(ctx.caller, input.name)),
  cordon: allowed("host.manage")
    .input(cordonHostSchema.extend({ name: z.string() }))
    .mutation(({ ctx, input: { name, ...cordon } }) => ctx.useCases.cordonHost(ctx.caller, name, cordon)),
  uncordon: allowed("host.manage")
    .input(z.object({ name: z.string() }))
    .mutation(({ ctx, input }) => ctx.useCases.uncordonHost(ctx.caller, input.name)),
  drain: allowed("host.manage")
    .input(drainHostSchema.extend({ name: z.string() }))
    .mutation(({ ctx, input: { name, ...drain } }) => ctx.useCases.drainHost(ctx.caller, name, drain)),
  remove: allowed("host.manage")
    .input(
      z.strictObject({ name: z.string(), force: z.boolean().optional(), dryRun: z.boolean().optional() }),
    )
    .mutation(({ ctx, input: { name, ...options } }) => ctx.useCases.removeHost(ctx.caller, name, options)),
});

const fleet = router({
  capacity: allowed("capacity.read")
    .input(capacityQuerySchema.prefault({}))
    .query(({ ctx, input }) => capacityFor(ctx.useCases, ctx.caller.principal, input)),

  attempts: allowed("fleet.watch")
    .input(attemptsQuerySchema)
    .query(({ ctx, input }) => ctx.useCases.listAttempts(input, teamBoundOf(ctx.caller.principal))),

  board: allowed("fleet.watch").query(({ ctx }) =>
    ctx.useCases.fleetBoard(teamBoundOf(ctx.caller.principal)),
  ),

  queue: allowed("fleet.watch")
    .input(queueQuerySchema)
    .query(({ ctx, input }) => ctx.useCases.queuePage(input.limit, teamBoundOf(ctx.caller.principal))),

  /** The board, and then what changes on it. */
  watch: allowed("fleet.watch").subscription(async function* ({ ctx, signal }) {
    const team = teamBoundOf(ctx.caller.principal);
    yield* live(ctx, (until) => ctx.useCases.watchFleet(team, until), signal);
  }),

  /** What is to be read again, for those who show it. */
  changes: allowed("fleet.watch").subscription(async function* ({ ctx, signal }) {
    yield* live(ctx, (until) => ctx.useCases.watchTopics(until), signal);
  }),
});

const images = router({
  list: allowed("image.read").query(({ ctx }) => ctx.useCases.listImages()),
  prune: allowed("image.manage")
    .input(pruneImagesSchema)
    .mutation(({ ctx, input }) => ctx.useCases.pruneImages(ctx.caller, input)),
  plans: allowed("image.read").query(({ ctx }) => ctx.useCases.listImagePlans()),
  getPlan: allowed("image.read")
    .input(z.object({ id: z.string() }))
    .query(({ ctx, input }) => ctx.useCases.getImagePlan(input.id)),
  plan: allowed("image.manage")
    .input(planImageSchema)
    .mutation(({ ctx, input }) => ctx.useCases.planImage(ctx.caller, input)),
  endPlan: allowed("image.manage")
    .input(z.object({ id: z.string() }))
    .mutation(({ ctx, input }) => ctx.useCases.endImagePlan(ctx.caller, input.id)),
});

const named = z.object({ name: nameSchema });
const channels = router({
  list: allowed("channel.read").query(({ ctx }) => ctx.useCases.listChannels()),
  get: allowed("channel.read")
    .input(named)
    .query(({ ctx, input }) => ctx.useCases.getChannel(input.name)),
  set: allowed("channel.manage")
    .input(setChannelSchema.extend({ name: nameSchema }))
    .mutation(({ ctx, input: { name, ...to } }) => ctx.useCases.setChannel(ctx.caller, name, to)),
  rollOut: allowed("channel.manage")
    .input(rollOutSchema.extend({ name: nameSchema }))
    .mutation(({ ctx, input: { name, ...to } }) => ctx.useCases.rollOutChannel(ctx.caller, name, to)),
  rollBack: allowed("channel.manage")
    .input(named)
    .mutation(({ ctx, input }) => ctx.useCases.rollBackChannel(ctx.caller, input.name)),
  remove: allowed("channel.manage")
    .input(named)
    .mutation(({ ctx, input }) => ctx.useCases.removeChannel(ctx.caller, input.name)),
});

const pools = router({
  list: allowed("pool.read").query(({ ctx }) => ctx.useCases.listPools()),
  get: allowed("pool.read")
    .input(named)
    .query(({ ctx, input }) => ctx.useCases.getPool(input.name)),
  set: allowed("pool.manage")
    .input(z.strictObject({ name: nameSchema, pool: setPoolSchema }))
    .mutation(({ ctx, input }) => ctx.useCases.setPool(ctx.caller, input.name, input.pool)),
  remove: allowed("pool.manage")
    .input(named)
    .mutation(({ ctx, input }) => ctx.useCases.removePool(ctx.caller, input.name)),
});

const teams = router({
  list: allowed("team.read").query(({ ctx }) => teamsFor(ctx.useCases, ctx.caller.principal)),
  get: allowed("team.read")
    .input(z.object({ name: teamSchema }))
    .query(({ ctx, input }) => teamFor(ctx.useCases, ctx.caller.principal, input.name)),
  set: allowed("team.manage")
    .input(z.strictObject({ name: teamSchema, share: setShareSchema }))
    .mutation(({ ctx, input }) => ctx.useCases.setTeam(ctx.caller, input.name, input.share)),
  remove: allowed("team.manage")
    .input(z.object({ name: teamSchema }))
    .mutation(({ ctx, input }) => ctx.useCases.removeTeam(ctx.caller, input.name)),
});

const tokens = router({
  create: allowed("token.manage")
    .input(createTokenSchema)
    .mutation(({ ctx, input }) => ctx.useCases.createToken(ctx.caller, input)),
  list: allowed("token.manage").query(({ ctx }) => ctx.useCases.listTokens()),
  rotate: allowed("token.manage")
    .input(rotateTokenSchema.extend({ id: z.string() }))
    .mutation(({ ctx, input: { id, ...grace } }) => ctx.useCases.rotateToken(ctx.caller, id, grace)),
  revoke: allowed("token.manage")
    .input(z.object({ id: z.string() }))
    .mutation(({ ctx, input }) => ctx.useCases.revokeToken(ctx.caller, input.id)),
});

const history = router({
  query: allowed("history.read")
    .input(historyQuerySchema)
    .query(({ ctx, input }) => historyFor(ctx.useCases, ctx.caller.principal, input)),
});

const reports = router({
  slotMinutes: allowed("report.read")
    .input(slotReportQuerySchema.prefault({}))
    .query(({ ctx, input }) => slotReportFor(ctx.useCases, ctx.caller.principal, input)),
});

const audit = router({
  list: allowed("audit.read")
    .input(auditQuerySchema)
    .query(({ ctx, input }) => ctx.useCases.auditPage(input)),
});

/** Everything that tRPC offers, over HTTP and WebSocket: the same use cases as REST, and the agents' calls. */
export const appRouter = router({
  vms,
  hosts,
  fleet,
  images,
  channels,
  pools,
  teams,
  tokens,
  history,
  webhooks: webhookRouter,
  reports,
  audit,
  agent: agentRouter,
});
export type AppRouter = typeof appRouter;
