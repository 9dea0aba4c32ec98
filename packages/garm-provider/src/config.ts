import { readFileSync } from "node:fs";
import { z } from "zod";
import { ProviderFailure } from "./failure.ts";
import { parse, parseJson } from "./mistakes.ts";

const DAY = 86_400;
const path = z.string().startsWith("/", "must be an absolute path");
const labels = z.record(z.string(), z.string());

const size = z.strictObject({
  cpu: z.int().min(1).max(64).optional(),
  memoryMiB: z.int().min(512).max(1_048_576).optional(),
  diskGiB: z.int().min(10).max(8192).optional(),
});

/** What a pool may say of its VMs beyond garm's own fields. */
const placement = {
  hostLabels: labels.default({}).describe("What the host must carry"),
  priority: z.string().optional().describe("One of the control plane's classes"),
  queueSeconds: z.int().min(1).max(604_800).optional().describe("How long a VM may wait for a slot"),
  ttlSeconds: z
    .int()
    .min(1)
    .max(365 * DAY)
    .optional()
    .describe("How long a VM may live"),
};

/** The file that garm's `config_file` names. */
export const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .describe("Where the control plane is"),
  tokenFile: path.describe("File with a token of role ci"),
  caFile: path.optional().describe("Certificates of authorities in PEM; a pin in the token beats it"),
  insecure: z.boolean().default(false).describe("Let the token go over http:// to another machine"),
  images: z
    .array(z.string().min(1))
    .min(1)
    .describe("Images that pools may have: ghcr.io/org/*, channel:*. * is anything but a slash"),
  flavors: z
    .record(z.string(), size)
    .default({ default: {} })
    .describe("Sizes by the name that a pool's flavor gives; what is left out is as the image has it"),
  ...placement,
});
export type Config = z.output<typeof configSchema>;

/**
 * A pool's extra_specs. garm puts its own install script for Linux among them (`runner_install_template`), and lets
 * users fill in what that needs; none of it is for a Mac.
 */
export const extraSpecsSchema = z.strictObject({
  ...placement,
  runner_install_template: z.unknown().optional().describe("garm's own; not used"),
  extra_context: z.unknown().optional().describe("For garm's own template; not used"),
  enable_boot_debug: z.unknown().optional().describe("For garm's own template; not used"),
});

/** @throws ProviderFailure */
export function readConfig(file: string): Config {
  const what = `The provider's config file ${file}`;
  return parse(configSchema, parseJson(readText(file, what), what), what);
}

/** @throws ProviderFailure */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ProviderFailure(
      `${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
