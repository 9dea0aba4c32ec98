import { z } from "zod";
import { secret, type Revealed } from "./secret.ts";

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" }).max(2048);
/** Secrets are single printable words: nothing that could break a header, an env file or a line. */
const printable = z
  .string()
  .min(1)
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");
const word = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._:/=+-]*$/, "has characters that are not allowed here");

const variableName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is letters, digits and _");

const github = z
  .strictObject({
    kind: z.literal("github"),
    jitConfig: secret(printable.max(65_536))
      .optional()
      .describe(
        "The encoded_jit_config of GitHub's generate-jitconfig call. Give this, or url and registrationToken.",
      ),
    url: httpUrl.optional().describe("Organisation or repository URL, with registrationToken"),
    registrationToken: secret(printable.max(1024)).optional(),
    labels: z
      .array(word.regex(/^[^,]*$/, "must not contain a comma"))
      .max(100)
      .optional(),
    group: word.optional(),
  })
  .superRefine((runner, context) => {
    const rest = ["url", "registrationToken", "labels", "group"] as const;
    if (runner.jitConfig !== undefined) {
      for (const key of rest) {
        if (runner[key] !== undefined) {
          context.addIssue({
            code: "custom",
            path: [key],
            message: "cannot be given together with jitConfig",
          });
        }
      }
    } else {
      for (const key of ["url", "registrationToken"] as const) {
        if (runner[key] === undefined) {
          context.addIssue({ code: "custom", path: [key], message: "is needed when jitConfig is not given" });
        }
      }
    }
  });

const gitlab = z.strictObject({
  kind: z.literal("gitlab"),
  url: httpUrl,
  token: secret(printable.max(1024)).describe("Runner authentication token (glrt-…)"),
  waitTimeoutSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(600)
    .describe("How long run-single waits for its job"),
});

const buildkite = z.strictObject({
  kind: z.literal("buildkite"),
  token: secret(printable.max(1024)).describe("Agent token"),
  queue: word.optional(),
  acquireJob: z.uuid().optional().describe("Run exactly this job"),
  endpoint: httpUrl.optional().describe("Of the Agent API, where it is not Buildkite's own"),
  idleTimeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe("How long the agent waits for its job (default: for ever)"),
});

const jenkins = z.strictObject({
  kind: z.literal("jenkins"),
  url: httpUrl,
  secret: secret(printable.max(1024)),
  name: word,
  reconnectSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      "How long the agent tries to reach the controller, at first and again; without it, for ever at first and not again",
    ),
});

/** Azure's agent publishes its environment as capabilities, so it takes the ones that are meant by themselves. */
const azure = z.strictObject({
  kind: z.literal("azure"),
  url: httpUrl.describe("The organisation's URL, or a collection's of a server"),
  token: secret(printable.max(1024)).describe(
    "Personal access token with the scope Agent Pools (read, manage)",
  ),
  pool: word,
  capabilities: z
    .record(
      variableName,
      z
        .string()
        .max(1023)
        .regex(/^[^\0\r\n]*$/, "must be one line"),
    )
    .optional()
    .describe(
      "What jobs' demands may ask for, beside what the agent finds out itself; everybody can read them",
    ),
  unregister: z
    .boolean()
    .default(true)
    .describe("Whether the agent leaves its pool after its job; the token then stays in the guest as long"),
});

const circleci = z.strictObject({
  kind: z.literal("circleci"),
  token: secret(printable.max(1024)).describe("The resource class's token"),
  url: httpUrl.optional().describe("Of a CircleCI Server; by default CircleCI's cloud"),
  idleTimeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(600)
    .describe("How long the machine runner waits for its job"),
});

const script = z.strictObject({
  kind: z.literal("script"),
  script: secret(
    z
      .string()
      .min(1)
      .max(131_072)
      .refine((text) => !text.includes("\0"), "must not contain NUL"),
  ),
  shell: z.enum(["/bin/sh", "/bin/bash", "/bin/zsh"]).default("/bin/bash"),
});

/** The CI process that is started in the guest; it must be baked into the image, nothing is downloaded. */
export const runnerSchema = z.discriminatedUnion("kind", [
  github,
  gitlab,
  buildkite,
  jenkins,
  azure,
  circleci,
  script,
]);
export type Runner = z.infer<typeof runnerSchema>;
export type RevealedRunner = Revealed<Runner>;
export type RunnerKind = Runner["kind"];
export const RUNNER_KINDS = [
  "github",
  "gitlab",
  "buildkite",
  "jenkins",
  "azure",
  "circleci",
  "script",
] as const satisfies RunnerKind[];

/** Kinds whose hooks tell when a job starts (ci-runners §2.1). Of the others nobody knows whether one came. */
export const TELLS_OF_ITS_JOB: ReadonlySet<RunnerKind> = new Set(["github"]);
