import { z } from "zod";
import { isTrustworthy } from "../../oidc/config.ts";
import { readConfigFile, secretFile } from "../config-file.ts";
import { minWithinMax, uniqueNames, vmFields } from "../vm-definition.ts";

const definitionSchema = z
  .strictObject({
    ...vmFields,
    /** Of agents, by its name; it must be there. */
    pool: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._:/=+-]{0,254}$/, "must be a pool's name"),
    /** What its agents say of themselves, so that jobs may demand it. */
    capabilities: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, "is letters, digits and _"),
        z.string().regex(/^[^\0\r\n]{0,1023}$/, "must be one line"),
      )
      .default({}),
  })
  .superRefine(minWithinMax);

const configSchema = z.strictObject({
  /** Of an organisation, or of a collection of a server. */
  url: z
    .string()
    .refine(isTrustworthy, "must be an https URL (http only for this machine)")
    .transform((url) => url.replace(/\/+$/, "")),
  tokenFile: secretFile,
  /** What agents register with; by default the same. */
  agentTokenFile: secretFile.optional(),
  runners: z.array(definitionSchema).min(1).max(200).superRefine(uniqueNames),
});

/** What `--azure-config` names, with the secrets out of their files: see docs/ci/azure.md. */
export interface AzureConfig {
  url: string;
  token: string;
  agentToken: string;
  runners: AzureDefinition[];
}

export type AzureDefinition = z.output<typeof definitionSchema>;

/** @throws CiConfigError */
export function readAzureConfig(path: string): AzureConfig {
  const { url, tokenFile: token, agentTokenFile, runners } = readConfigFile(path, configSchema);
  return { url, token, agentToken: agentTokenFile ?? token, runners };
}
