import { z } from "zod";
import { isTrustworthy } from "../../oidc/config.ts";
import { readConfigFile, secretFile } from "../config-file.ts";
import { minWithinMax, uniqueNames, vmFields } from "../vm-definition.ts";

/** Where agents go when they are told of no other place. */
export const DEFAULT_URL = "https://agent.buildkite.com/v3";

const queueKey = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/,
    "must be a queue's key: letters, digits, hyphens and underscores",
  );

const definitionSchema = z
  .strictObject({
    ...vmFields,
    /** By default its name. */
    queue: queueKey.optional(),
    /** Of the queue's cluster, where it is another than the file's. */
    tokenFile: secretFile.optional(),
  })
  .superRefine(minWithinMax);

const configSchema = z
  .strictObject({
    /** Of the Agent API. */
    url: z
      .string()
      .default(DEFAULT_URL)
      .refine(isTrustworthy, "must be an https URL (http only for this machine)")
      .transform((url) => url.replace(/\/+$/, "")),
    tokenFile: secretFile.optional(),
    runners: z.array(definitionSchema).min(1).max(200).superRefine(uniqueNames),
  })
  .superRefine(({ tokenFile, runners }, context) => {
    for (const [index, runner] of runners.entries()) {
      if (runner.tokenFile !== undefined || tokenFile !== undefined) continue;
      context.addIssue({
        code: "custom",
        path: ["runners", index, "tokenFile"],
        message: "is needed here or for all",
      });
    }
    const queues = runners.map(
      (runner) => `${runner.tokenFile ?? tokenFile ?? ""} ${runner.queue ?? runner.name}`,
    );
    if (new Set(queues).size < queues.length)
      context.addIssue({ code: "custom", path: ["runners"], message: "two serve the same queue" });
  })
  .transform(({ url, tokenFile = "", runners }) => ({
    url,
    runners: runners.map(({ tokenFile: token = tokenFile, queue, ...rest }) => ({
      ...rest,
      queue: queue ?? rest.name,
      token,
    })),
  }));

/** What `--buildkite-config` names, with the tokens out of their files: see docs/ci/buildkite.md. */
export type BuildkiteConfig = z.output<typeof configSchema>;
export type QueueDefinition = BuildkiteConfig["runners"][number];

/** @throws CiConfigError */
export const readBuildkiteConfig = (path: string): BuildkiteConfig => readConfigFile(path, configSchema);
