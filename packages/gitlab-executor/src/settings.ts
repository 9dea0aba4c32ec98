import { baseUrl, onOff, path, seconds, wholeNumber, type Program } from "@tartfleet/settings";
import { z } from "zod";

const words = z.string().transform((text) => text.split(/[\s,]+/).filter((word) => word !== ""));
const DAY = 86_400;

const labels = words.transform((pairs, context) => {
  const found: Record<string, string> = {};
  for (const pair of pairs) {
    const [key = "", value, more] = pair.split("=");
    if (value === undefined || more !== undefined) {
      context.addIssue({ code: "custom", message: `${pair} must be key=value` });
    } else found[key] = value;
  }
  return found;
});

/** All that the stages share; `config` hands what it was given on to the others, but never the token. */
const table = z.object({
  command: z.enum(["config", "prepare", "run", "cleanup"], {
    error: "must be config, prepare, run or cleanup",
  }),
  script: path.optional().describe("Of run, from gitlab-runner: what is to be run"),
  stage: z.string().optional().describe("Of run, from gitlab-runner: which stage of the job that is"),
  url: baseUrl("is needed: where the control plane is").describe("Where the control plane is"),
  tokenFile: path.optional().describe("File with a token of role ci; or the variable TARTFLEET_TOKEN"),
  caFile: path.optional().describe("Certificates of authorities in PEM; a pin in the token beats it"),
  insecure: onOff.describe("Let the token go over http:// to another machine"),
  images: words
    .prefault("")
    .describe("Images that jobs may have, with commas: ghcr.io/org/*, channel:*. * is anything but a slash"),
  defaultImage: z.string().optional().describe("For jobs without image:"),
  cpu: wholeNumber(1, 64).optional(),
  memoryMib: wholeNumber(512, 1_048_576).optional(),
  diskGib: wholeNumber(10, 8192).optional(),
  hostLabels: labels.prefault("").describe("What the host must carry, with commas: xcode=16,rack=b4"),
  priority: z.string().optional().describe("One of the control plane's classes"),
  queueSeconds: wholeNumber(1, 604_800).optional().describe("How long a VM may wait for a slot"),
  ttlSeconds: wholeNumber(1, 365 * DAY)
    .optional()
    .describe("How long a VM may live; default: as long as the job, and 10 minutes; at most a day"),
  patienceSeconds: seconds(0, DAY)
    .prefault("600")
    .describe(
      "How long the control plane, or the way to the VM, may be gone before a job fails (default 600)",
    ),
  buildsDir: path.prefault("/Users/admin/builds").describe("In the guest (default /Users/admin/builds)"),
  cacheDir: path.prefault("/Users/admin/cache").describe("In the guest (default /Users/admin/cache)"),
});

const secrets = z.object({
  token: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be one word of printable ASCII characters")
    .optional(),
});

export type Settings = z.output<typeof table> & z.output<typeof secrets>;

export const program = (version: string) =>
  ({
    name: "tartfleet-gitlab-executor",
    description: "GitLab's custom executor: each job in a VM of its own.",
    version,
    table,
    secrets,
    lists: [],
    operands: ["command", "script", "stage"],
    switches: ["insecure"],
    contradictions: ({ command, script, token, tokenFile, images, defaultImage }) => [
      ...(command === "run" && script === undefined
        ? ["run: needs the script that gitlab-runner gives it"]
        : []),
      ...(token === undefined && tokenFile === undefined
        ? ["--token-file or TARTFLEET_TOKEN is needed"]
        : []),
      ...(images.length === 0 && defaultImage === undefined ? ["--images or --default-image is needed"] : []),
    ],
  }) satisfies Program<typeof table, typeof secrets>;

/** Flags as the variables that the other stages read; what was not a flag is in their environment anyway. */
export function asVariables(argv: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [index, word] of argv.entries()) {
    const flag = /^--(?<name>[a-z-]+)(?:=(?<value>.*))?$/s.exec(word)?.groups;
    if (flag?.["name"] === undefined) continue;
    const next = argv[index + 1];
    const following = next === undefined || next.startsWith("--") ? "1" : next;
    variables[`TARTFLEET_${flag["name"].replaceAll("-", "_").toUpperCase()}`] = flag["value"] ?? following;
  }
  return variables;
}
