import { z } from "zod";
import { isTrustworthy } from "../../oidc/config.ts";
import { readConfigFile, secretFile } from "../config-file.ts";
import { minWithinMax, uniqueNames, vmFields } from "../vm-definition.ts";

export const CLOUD = "https://runner.circleci.com";

const definitionSchema = z
  .strictObject({
    ...vmFields,
    resourceClass: z
      .string()
      .regex(/^[a-z0-9_-]{1,100}\/[A-Za-z0-9:_+-]{1,100}$/, "must be NAMESPACE/RESOURCE-CLASS"),
    /** The resource class's token, which runners register with. */
    tokenFile: secretFile,
  })
  .superRefine(minWithinMax);

const configSchema = z.strictObject({
  /** Of a CircleCI Server. */
  url: z
    .string()
    .default(CLOUD)
    .refine(isTrustworthy, "must be an https URL (http only for this machine)")
    .transform((url) => url.replace(/\/+$/, "")),
  /** A personal API token, which tasks are counted with. */
  tokenFile: secretFile,
  runners: z
    .array(definitionSchema)
    .min(1)
    .max(200)
    .superRefine(uniqueNames)
    .refine((all) => new Set(all.map(({ resourceClass }) => resourceClass)).size === all.length, {
      message: "two have the same resourceClass: their jobs could not be told apart",
    }),
});

export type CircleciDefinition = z.output<typeof definitionSchema>;

/** What `--circleci-config` names, with the secrets out of their files: see docs/ci/circleci.md. */
export interface CircleciConfig {
  url: string;
  token: string;
  runners: CircleciDefinition[];
}

/** @throws CiConfigError */
export function readCircleciConfig(path: string): CircleciConfig {
  const { url, tokenFile: token, runners } = readConfigFile(path, configSchema);
  return { url, token, runners };
}
