import {
  changeWebhookSchema,
  createWebhookSchema,
  deliveriesQuerySchema,
  nameSchema,
  replayWebhookSchema,
  rotateWebhookSchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { allowed, router } from "./trpc.ts";

const named = z.object({ name: nameSchema });

/** Who is told of what happens. */
export const webhookRouter = router({
  create: allowed("webhook.manage")
    .input(createWebhookSchema)
    .mutation(({ ctx, input }) => ctx.useCases.createWebhook(ctx.caller, input)),
  list: allowed("webhook.read").query(({ ctx }) => ctx.useCases.listWebhooks()),
  get: allowed("webhook.read")
    .input(named)
    .query(({ ctx, input }) => ctx.useCases.getWebhook(input.name)),
  change: allowed("webhook.manage")
    .input(changeWebhookSchema.extend({ name: nameSchema }))
    .mutation(({ ctx, input: { name, ...change } }) => ctx.useCases.changeWebhook(ctx.caller, name, change)),
  remove: allowed("webhook.manage")
    .input(named)
    .mutation(({ ctx, input }) => ctx.useCases.removeWebhook(ctx.caller, input.name)),
  rotate: allowed("webhook.manage")
    .input(rotateWebhookSchema.extend({ name: nameSchema }))
    .mutation(({ ctx, input: { name, ...grace } }) => ctx.useCases.rotateWebhook(ctx.caller, name, grace)),
  test: allowed("webhook.manage")
    .input(named)
    .mutation(({ ctx, input }) => ctx.useCases.testWebhook(ctx.caller, input.name)),
  deliveries: allowed("webhook.read")
    .input(deliveriesQuerySchema.extend({ name: nameSchema }))
    .query(({ ctx, input: { name, ...query } }) => ctx.useCases.listDeliveries(name, query)),
  replay: allowed("webhook.manage")
    .input(replayWebhookSchema.extend({ name: nameSchema }))
    .mutation(({ ctx, input: { name, ...which } }) => ctx.useCases.replayWebhook(ctx.caller, name, which)),
});
