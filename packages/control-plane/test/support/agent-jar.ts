import { Refusal, type Channel, type SimJenkins } from "@tartfleet/ci-sim/jenkins";

/** What a guest of a Jenkins build does otherwise than it should. */
export interface Course {
  /** Its agent.jar never exits, whatever becomes of its channel. */
  staysForEver?: boolean;
}

/** What it was given: runner kind `jenkins`. */
export interface JarOptions {
  name: string;
  secret: string;
  reconnectSeconds?: number | undefined;
}

/** How often agent.jar tries to connect; milliseconds (ExponentialRetry of remoting: up to 10 s). */
const RETRY_MS = 10_000;

/**
 * agent.jar with the builds that it runs, in virtual time. A script is a number, of seconds that it takes, and an exit
 * code. Durable steps go on without a channel, and their result is told when there is one again.
 */
export function startAgentJar(
  jenkins: SimJenkins,
  options: JarOptions,
  now: () => number,
  course: Course = {},
) {
  const work = new Map<number, { until: number; exitCode: number }>();
  let channel: Channel | undefined;
  let since = now();
  let nextTry = now();
  let wasConnected = false;
  let exited = false;

  const headers = new Headers({
    "node-name": options.name,
    "secret-key": options.secret,
    "x-remoting-capability": "stand-in",
  });

  function connect(): void {
    nextTry = now() + RETRY_MS;
    try {
      const opened = jenkins.connect(headers, {
        run(build, script) {
          const [seconds = 0, exitCode = 0] = script.split(" ").map(Number);
          work.set(build, { until: now() + seconds * 1000, exitCode });
        },
        closed() {
          channel = undefined;
          since = now();
        },
      });
      channel = opened.channel;
      wasConnected = true;
      opened.begin();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  return {
    options,
    get exited() {
      return exited;
    },
    /** Its machine is gone. */
    die(): void {
      exited = true;
      channel?.close();
    },
    look(): void {
      if (exited) return;
      const patience = options.reconnectSeconds;
      if (!channel && !course.staysForEver) {
        const isOver =
          patience === undefined ? wasConnected : now() - since > patience * 1000 && now() >= nextTry;
        if (isOver) return void (exited = true);
      }
      if (!channel && now() >= nextTry) connect();
      for (const [build, { until, exitCode }] of work) {
        if (!channel || now() < until) continue;
        work.delete(build);
        channel.finished(build, exitCode);
      }
    },
  };
}

export type AgentJar = ReturnType<typeof startAgentJar>;
