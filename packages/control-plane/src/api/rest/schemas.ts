import {
  attemptRecordSchema,
  auditPageSchema,
  auditRecordSchema,
  boardSchema,
  capacitySchema,
  cordonHostSchema,
  createTokenSchema,
  createVmSchema,
  createdTokenSchema,
  drainHostSchema,
  enrolHostSchema,
  holdVmSchema,
  enrolledHostSchema,
  explanationSchema,
  historySchema,
  hostRecordSchema,
  imagePlanRecordSchema,
  imageRecordSchema,
  planImageSchema,
  prunedHostSchema,
  pruneImagesSchema,
  problemSchema,
  removedHostSchema,
  rotateTokenSchema,
  channelRecordSchema,
  changeWebhookSchema,
  createdWebhookSchema,
  createWebhookSchema,
  deliveryRecordSchema,
  rollOutSchema,
  setChannelSchema,
  setShareSchema,
  slotReportSchema,
  teamRecordSchema,
  tokenRecordSchema,
  vmEventSchema,
  vmPageSchema,
  vmRecordSchema,
  webhookRecordSchema,
  webhookTryRecordSchema,
} from "@tartfleet/shared";
import { z } from "zod";

/** Names in the OpenAPI document. */
const NAMED = {
  Attempt: attemptRecordSchema,
  AuditPage: auditPageSchema,
  AuditRecord: auditRecordSchema,
  Board: boardSchema,
  Capacity: capacitySchema,
  CordonHost: cordonHostSchema,
  CreateToken: createTokenSchema,
  CreateVm: createVmSchema,
  CreatedToken: createdTokenSchema,
  DrainHost: drainHostSchema,
  EnrolHost: enrolHostSchema,
  EnrolledHost: enrolledHostSchema,
  Explanation: explanationSchema,
  HoldVm: holdVmSchema,
  History: historySchema,
  Host: hostRecordSchema,
  Image: imageRecordSchema,
  ImagePlan: imagePlanRecordSchema,
  PlanImage: planImageSchema,
  PruneImages: pruneImagesSchema,
  PrunedHost: prunedHostSchema,
  Problem: problemSchema,
  RemovedHost: removedHostSchema,
  RotateToken: rotateTokenSchema,
  Channel: channelRecordSchema,
  RollOut: rollOutSchema,
  SetChannel: setChannelSchema,
  SetShare: setShareSchema,
  SlotReport: slotReportSchema,
  Team: teamRecordSchema,
  Token: tokenRecordSchema,
  ChangeWebhook: changeWebhookSchema,
  CreateWebhook: createWebhookSchema,
  CreatedWebhook: createdWebhookSchema,
  Delivery: deliveryRecordSchema,
  Webhook: webhookRecordSchema,
  WebhookTry: webhookTryRecordSchema,
  Vm: vmRecordSchema,
  VmEvent: vmEventSchema,
  VmPage: vmPageSchema,
};
for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { ...schema.meta(), id });

/** Every call can be refused; in one shape. */
export const PROBLEMS = {
  "4xx": {
    description: "Refused; `code` says why, `errors` lists every field that is wrong",
    content: { "application/problem+json": { schema: problemSchema } },
  },
  "5xx": {
    description: "Failed on our side",
    content: { "application/problem+json": { schema: problemSchema } },
  },
};

/** An id in a path. Any text: one that is not known is 404, also when it could never be one. */
export const idParams = z.object({ id: z.string() });
export const nameParams = z.object({ name: z.string() });

export const hostsSchema = z.object({ hosts: z.array(hostRecordSchema) });
export const tokensSchema = z.object({ tokens: z.array(tokenRecordSchema) });
export const eventsSchema = z.object({ events: z.array(vmEventSchema) });
