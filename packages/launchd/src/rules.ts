import { basename } from "node:path";
import { parse } from "plist";
import { z } from "zod";

const path = z.string().startsWith("/");

/** What we let a job say. Unknown keys are refused: launchd passes over a misspelt one without a word. */
const jobSchema = z.strictObject({
  Label: z.string().regex(/^[a-z0-9.-]+$/i),
  ProgramArguments: z.tuple([path], z.string()),
  EnvironmentVariables: z.record(z.string(), z.string()).optional(),
  UserName: z.string().optional(),
  RunAtLoad: z.literal(true).optional(),
  KeepAlive: z.literal(true).optional(),
  AbandonProcessGroup: z.literal(true).optional(),
  ProcessType: z.literal("Interactive").optional(),
  ThrottleInterval: z.number().int().positive().optional(),
  WorkingDirectory: path.optional(),
  StandardOutPath: path.optional(),
  StandardErrorPath: path.optional(),
});
type Job = z.output<typeof jobSchema>;

const SECRET = /token|password|secret|credential/i;

/** What launchd, or we, would not take of a job's file; none: nothing. */
export function launchdProblems(file: string, text: string): string[] {
  const keys = [...text.matchAll(/<key>([^<]*)<\/key>/g)].map(([, key]) => key);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  if (twice.length > 0) return [`${twice.join(", ")} is there twice`];
  if (/<(string|integer|real|data|date|key)\s*\/>|<(string|integer|key)><\//.test(text))
    return ["a key or a value is empty"];
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return [`it is no property list: ${error instanceof Error ? error.message : String(error)}`];
  }
  const parsed = jobSchema.safeParse(value);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the job"}: ${message}`);
  return ourRules(file, parsed.data);
}

function ourRules(file: string, job: Job): string[] {
  const environment = job.EnvironmentVariables ?? {};
  const [program] = job.ProgramArguments;
  const isDaemon = file.includes("LaunchDaemons/");
  const rules: [boolean, string][] = [
    [basename(file) === `${job.Label}.plist`, "the file must be named as the Label"],
    [
      !program.startsWith("/opt/homebrew/") || (environment["PATH"] ?? "").includes("/opt/homebrew/bin"),
      "launchd reads no shell's files: PATH must hold /opt/homebrew/bin",
    ],
    [
      !program.startsWith("/opt/homebrew/") || environment["HOME"] !== undefined,
      "launchd gives daemons no HOME",
    ],
    [
      !isDaemon || basename(program) !== "tart" || (job.UserName ?? "root") !== "root",
      "tart must not run as root: say UserName",
    ],
    [
      job.RunAtLoad === true || !/Launch(Daemons|Agents)\//.test(file),
      "launchd loads it by itself, so it must start it too: RunAtLoad",
    ],
    [
      job.KeepAlive !== true || job.StandardErrorPath !== undefined,
      "what runs on must have a log: StandardErrorPath",
    ],
    [
      !Object.keys(environment).some((name) => SECRET.test(name)) && !job.ProgramArguments.some(isSecretFlag),
      "everybody may read it: no secret belongs into it",
    ],
  ];
  return rules.filter(([kept]) => !kept).map(([, problem]) => problem);
}

const isSecretFlag = (word: string) => word.startsWith("-") && SECRET.test(word);
