import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Debian's groovy looks for its Java where default-jre puts it. */
function groovyEnv(): NodeJS.ProcessEnv {
  const java = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "java"))
    .find((file) => existsSync(file));
  return {
    ...(java === undefined ? {} : { JAVA_HOME: join(realpathSync(java), "../..") }),
    ...process.env,
    // It lives for seconds.
    JAVA_OPTS: "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto",
  };
}

/** @returns why no Pipelines can be run on this machine, or undefined */
export function groovyIsMissing(): string | undefined {
  const { status } = spawnSync("groovy", ["--version"], { env: groovyEnv() });
  return status === 0 ? undefined : "groovy is not installed (scripts/install-lab-packages.sh)";
}

/** A build of a Pipeline. */
export interface PipelineRun {
  script: string;
  /** As hudson.model.Run has it: JOB#NUMBER. */
  build: string;
  env: Record<string, string>;
  /** Builds that crashed and were not resumed. */
  over?: string[];
  /** Secret texts by their ids. */
  credentials: Record<string, string>;
  /** The stand-in's URL, and a user's name and token. */
  jenkins: string;
  user: { name: string; apiToken: string };
  /** Where time passes: answers POST /pass, /queue and /abort. */
  world: string;
}

const becameSchema = z.object({
  /** CRASHED: the controller stopped in between; BROKEN: what runs Pipelines here is at fault. */
  result: z.enum(["SUCCESS", "FAILURE", "ABORTED", "CRASHED", "BROKEN"]),
  log: z.array(z.string()),
});
export type PipelineOutcome = z.infer<typeof becameSchema>;

/** A Groovy that runs Pipelines with a shared library, one after the other. */
export function startPipelines(library: string) {
  const classpath = [HERE, join(HERE, "stubs"), join(library, "src")].join(delimiter);
  const groovy = spawn("groovy", ["-cp", classpath, join(HERE, "Main.groovy"), library], {
    env: groovyEnv(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = new Promise<void>((resolve) => groovy.once("close", () => resolve()));
  const lines = createInterface({ input: groovy.stdout })[Symbol.asyncIterator]();
  return {
    async run({ user, ...given }: PipelineRun): Promise<PipelineOutcome> {
      const authorization = `Basic ${Buffer.from(`${user.name}:${user.apiToken}`).toString("base64")}`;
      groovy.stdin.write(`${JSON.stringify({ ...given, authorization })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("groovy ended");
      return becameSchema.parse(JSON.parse(value));
    },
    async close(): Promise<void> {
      groovy.stdin.end();
      await closed;
    },
  };
}

export type Pipelines = ReturnType<typeof startPipelines>;
