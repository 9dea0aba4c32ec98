import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "plist";
import { z } from "zod";

/** The keys of launchd.plist(5) that are simulated. The original passes over others without a word. */
const jobSchema = z
  .strictObject({
    Label: z.string().min(1),
    Program: z.string().optional(),
    ProgramArguments: z.array(z.string()).min(1).optional(),
    EnvironmentVariables: z.record(z.string(), z.string()).default({}),
    RunAtLoad: z.boolean().default(false),
    KeepAlive: z.union([z.boolean(), z.strictObject({ SuccessfulExit: z.boolean() })]).default(false),
    ThrottleInterval: z.number().int().nonnegative().default(10),
    ExitTimeOut: z.number().int().nonnegative().default(5),
    AbandonProcessGroup: z.boolean().default(false),
    WorkingDirectory: z.string().default("/"),
    StandardOutPath: z.string().default("/dev/null"),
    StandardErrorPath: z.string().default("/dev/null"),
    UserName: z.string().optional(),
    GroupName: z.string().optional(),
    Umask: z.number().optional(),
    ProcessType: z.enum(["Background", "Standard", "Adaptive", "Interactive"]).optional(),
    LimitLoadToSessionType: z.union([z.string(), z.array(z.string())]).optional(),
    SoftResourceLimits: z.record(z.string(), z.number()).optional(),
    HardResourceLimits: z.record(z.string(), z.number()).optional(),
    SessionCreate: z.boolean().optional(),
    Disabled: z.boolean().optional(),
  })
  .refine(({ Program, ProgramArguments }) => Program !== undefined || ProgramArguments !== undefined);

export type JobFile = z.output<typeof jobSchema>;

/** Why a job's file is not taken: by launchd, or only by this stand-in, which is stricter. */
export class BadJobFile extends Error {
  readonly isOurs: boolean;
  constructor(message: string, isOurs: boolean) {
    super(message);
    this.isOurs = isOurs;
  }
}

/**
 * Reads a job's file as launchd does.
 *
 * @throws BadJobFile
 */
export function readJobFile(path: string, uid: number): JobFile {
  let text: string;
  try {
    const { mode, uid: owner } = statSync(path);
    if ((mode & 0o022) !== 0 || (owner !== uid && owner !== 0)) {
      throw new BadJobFile(`${path}: Path had bad ownership/permissions`, false);
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw error instanceof BadJobFile ? error : new BadJobFile(String(error), false);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new BadJobFile(`${path}: ${String(error)}`, false);
  }
  const parsed = jobSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the job"}: ${message}`);
  const isOurs = parsed.error.issues.every(
    ({ code }) => code === "unrecognized_keys" || code === "invalid_union",
  );
  throw new BadJobFile(
    `${basename(path)}: unknown to launchd or not simulated: ${issues.join("; ")}`,
    isOurs,
  );
}

/** The program and its arguments. */
export function argvOf(job: JobFile): [string, ...string[]] {
  const [first = "", ...rest] = job.ProgramArguments ?? [job.Program ?? ""];
  return [first, ...rest];
}
