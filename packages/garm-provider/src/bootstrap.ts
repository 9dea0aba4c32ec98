import { z } from "zod";
import { extraSpecsSchema } from "./config.ts";
import { parse, parseJson } from "./mistakes.ts";

/** What Go writes for a slice, a map or a string that nobody set. */
const orNull = <T extends z.ZodType>(schema: T) => schema.nullish();

const tool = z.object({
  os: orNull(z.string()),
  architecture: orNull(z.string()),
  download_url: orNull(z.string()),
  filename: orNull(z.string()),
  temp_download_token: orNull(z.string()),
  sha256_checksum: orNull(z.string()),
});

/**
 * What garm says of the instance that it wants, on stdin (garm-provider-common, params.BootstrapInstance). What is not
 * read here means nothing on a Mac: `os_type` above all, which knows linux and windows only.
 */
const bootstrapSchema = z.object({
  name: z.string().min(1),
  pool_id: z.string().min(1),
  image: z.string().min(1),
  flavor: z.string().min(1),
  repo_url: z.url(),
  "callback-url": z.url(),
  "metadata-url": z.url(),
  "instance-token": z.string().regex(/^[\x21-\x7e]+$/, "must be one word of printable ASCII characters"),
  "github-runner-group": orNull(z.string()),
  "ca-cert-bundle": orNull(z.base64()),
  tools: orNull(z.array(tool)),
  labels: orNull(z.array(z.string())),
  extra_specs: z.preprocess((value) => value ?? {}, extraSpecsSchema),
  jit_config_enabled: z.boolean().default(false),
  proxy_config: z
    .object({
      http_proxy: z.string().default(""),
      https_proxy: z.string().default(""),
      no_proxy: z.string().default(""),
    })
    .prefault({}),
});
export type Bootstrap = z.output<typeof bootstrapSchema>;

/** @throws ProviderFailure; of what garm sent, nothing is said: it holds the instance's token */
export function readBootstrap(text: string): Bootstrap {
  const what = "What garm sent on stdin";
  return parse(bootstrapSchema, parseJson(text, what), what);
}

/**
 * The pool's extra_specs as v0.1.1 hands them on: JSON in base64, empty or null when there are none.
 *
 * @throws ProviderFailure
 */
export function readExtraSpecs(encoded: string | undefined) {
  const what = "The pool's extra_specs";
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  return parse(extraSpecsSchema, text === "" ? {} : (parseJson(text, what) ?? {}), what);
}
