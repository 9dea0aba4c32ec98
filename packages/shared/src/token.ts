import { z } from "zod";
import { labelsSchema } from "./names.ts";
import { shownOnce } from "./secret.ts";
import { teamSchema } from "./team.ts";
import { timeSchema } from "./vm.ts";

/** What a token that a person or a CI system holds may do. Hosts and VMs have tokens of their own. */
export const tokenRoleSchema = z.enum(["admin", "ci", "viewer", "host-enrolment"]);
export type TokenRole = z.infer<typeof tokenRoleSchema>;

/** Roles whose tokens can be a team's. An admin can make any token, so that a team would not hold it. */
const TEAM_ROLES: ReadonlySet<TokenRole> = new Set(["ci", "viewer"]);

export const createTokenSchema = z
  .strictObject({
    role: tokenRoleSchema,
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[\w .@-]+$/, "has characters that are not allowed"),
    team: teamSchema
      .optional()
      .describe(
        "For ci and viewer: whose VMs it makes, sees and ends; without one the team `default` for ci, everybody's for viewer",
      ),
    expiresInSeconds: z
      .int()
      .min(1)
      .max(315_360_000)
      .optional()
      .describe("Without it: a day for host-enrolment, no end for other roles"),
    uses: z
      .union([z.int().min(1).max(100_000), z.literal("unlimited")])
      .optional()
      .describe("For host-enrolment: how many hosts it enrols; one without it"),
    hostLabels: labelsSchema
      .optional()
      .describe("For host-enrolment: labels of its hosts, whatever their agents say"),
  })
  .superRefine(({ role, team, uses, hostLabels }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (team !== undefined && !TEAM_ROLES.has(role)) refuse("team", `a ${role} token is of no team`);
    if (role === "host-enrolment") return;
    if (uses !== undefined) refuse("uses", "are for host-enrolment tokens");
    if (hostLabels !== undefined) refuse("hostLabels", "are for host-enrolment tokens");
  });
export type CreateToken = z.infer<typeof createTokenSchema>;

/** Body of `POST /v1/tokens/{id}/rotate`. */
export const rotateTokenSchema = z.strictObject({
  graceSeconds: z
    .int()
    .min(0)
    .max(2_592_000)
    .default(3600)
    .describe("How long the secret before still works; 0 when it may be known to others"),
});
export type RotateToken = z.infer<typeof rotateTokenSchema>;

export const tokenRecordSchema = z.object({
  id: z.string(),
  role: tokenRoleSchema,
  name: z.string(),
  team: z.string().nullable().describe("null: the whole fleet"),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  previousUntil: timeSchema.nullable().describe("After a rotation: until when the secret before works"),
  lastUsedAt: timeSchema.nullable().describe("To the minute"),
  revokedAt: timeSchema.nullable(),
  enrolment: z
    .object({
      uses: z.int(),
      maxUses: z.int().nullable().describe("null: unlimited"),
      hostLabels: labelsSchema,
    })
    .nullable()
    .describe("For host-enrolment tokens"),
});
export type TokenRecord = z.infer<typeof tokenRecordSchema>;

export const createdTokenSchema = tokenRecordSchema.extend({
  token: shownOnce.describe("Shown this once; only its hash is kept"),
});
export type CreatedToken = z.infer<typeof createdTokenSchema>;
