import { readFileSync } from "node:fs";
import { nameSchema, teamSchema } from "@tartfleet/shared";
import { z } from "zod";

/** A file of `--oidc-config` that cannot be used; every mistake in it. */
export class OidcConfigError extends Error {
  override readonly name = "OidcConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join("; "));
    this.mistakes = mistakes;
  }
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Keys that come over plain HTTP are anybody's. */
export function isTrustworthy(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
}

const trustworthyUrl = z.string().refine(isTrustworthy, "must be an https URL (http only for this machine)");

/** Public keys alone: a secret or private one in a configuration is a mistake, and HMAC is never accepted. */
const publicKeySchema = z
  .looseObject({ kty: z.enum(["RSA", "EC", "OKP"]) })
  .refine((key) => !("d" in key), "is a private key; give the public one");

const claimName = z.string().min(1).max(255);
const patternSchema = z
  .string()
  .max(255)
  .refine((text) => /[^*]/.test(text), "must say more than *");

const ruleSchema = z
  .strictObject({
    claims: z
      .record(claimName, patternSchema)
      .refine((claims) => Object.keys(claims).length > 0, "must name at least one claim"),
    role: z.enum(["admin", "ci", "viewer"]),
    team: z.union([teamSchema, z.strictObject({ claim: claimName })]).optional(),
  })
  .refine(({ role, team }) => role !== "admin" || team === undefined, {
    path: ["team"],
    message: "an admin is of no team",
  });

const issuerSchema = z
  .strictObject({
    name: nameSchema,
    issuer: trustworthyUrl,
    audience: z.string().min(1).max(255),
    jwksUrl: trustworthyUrl.optional(),
    jwks: z.object({ keys: z.array(publicKeySchema).min(1).max(100) }).optional(),
    rules: z.array(ruleSchema).min(1).max(1000),
  })
  .refine(({ jwks, jwksUrl }) => jwks === undefined || jwksUrl === undefined, {
    path: ["jwksUrl"],
    message: "cannot be given together with jwks",
  });

const isUnique = (values: readonly string[]) => new Set(values).size === values.length;

export const oidcConfigSchema = z.strictObject({
  issuers: z
    .array(issuerSchema)
    .min(1)
    .max(100)
    .refine((issuers) => isUnique(issuers.map(({ name }) => name)), "two have the same name")
    .refine((issuers) => isUnique(issuers.map(({ issuer }) => issuer)), "two have the same issuer"),
});

/** Whose word is taken, and what for: see docs/operations.md. */
export type OidcConfig = z.infer<typeof oidcConfigSchema>;
export type Issuer = OidcConfig["issuers"][number];
export type Rule = Issuer["rules"][number];

/** @throws OidcConfigError */
export function readOidcConfig(path: string): OidcConfig {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    throw new OidcConfigError([`${path} ${what}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const parsed = oidcConfigSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new OidcConfigError(
    parsed.error.issues.map((issue) => `${[path, ...issue.path].join(" › ")}: ${issue.message}`),
  );
}
