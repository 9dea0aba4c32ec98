/** What a build does on its node: `node("NAME") { sh script }`. */
export interface SimBuild {
  id: number;
  node: string;
  script: string;
  state: "queued" | "running" | "done";
  result: "SUCCESS" | "FAILURE" | "ABORTED" | null;
  /** Why it did not succeed, as the build's log says it. */
  reason: string | null;
  /** How often an agent was told to run it. */
  starts: number;
  offlineSince: number | null;
}

/** How long a step waits for an agent that is gone (ExecutorStepExecution.TIMEOUT_WAITING_FOR_NODE_MILLIS). */
const OFFLINE_MS = 300_000;

/** The builds of a controller: each waits for its one node, and runs there once. */
export function makeBuilds(now: () => number) {
  const builds: SimBuild[] = [];
  const end = (build: SimBuild, result: NonNullable<SimBuild["result"]>, reason: string | null = null) => {
    if (build.state !== "done") Object.assign(build, { state: "done", result, reason });
  };

  return {
    all: builds,
    queue(node: string, script: string): SimBuild {
      const build: SimBuild = {
        id: builds.length + 1,
        node,
        script,
        state: "queued",
        result: null,
        reason: null,
        starts: 0,
        offlineSince: null,
      };
      builds.push(build);
      return build;
    },
    /** The next that may run on a node of so many executors. */
    next(node: string, executors: number): SimBuild | undefined {
      const running = builds.filter((build) => build.node === node && build.state === "running").length;
      if (running >= executors) return undefined;
      const build = builds.find((each) => each.node === node && each.state === "queued");
      if (build) Object.assign(build, { state: "running", starts: build.starts + 1 });
      return build;
    },
    running: (node: string) => builds.filter((build) => build.node === node && build.state === "running"),
    finished(id: number, exitCode: number): void {
      const build = builds.find((each) => each.id === id && each.state === "running");
      if (build)
        end(
          build,
          exitCode === 0 ? "SUCCESS" : "FAILURE",
          exitCode === 0 ? null : `script returned exit code ${exitCode}`,
        );
    },
    abort: (build: SimBuild) => end(build, "ABORTED", "Aborted by a person"),
    /** Ends what has waited for its agent too long. */
    look(isOnline: (node: string) => boolean): void {
      for (const build of builds.filter(({ state }) => state === "running")) {
        if (isOnline(build.node)) build.offlineSince = null;
        else if (now() - (build.offlineSince ??= now()) >= OFFLINE_MS)
          end(build, "ABORTED", "Timeout waiting for agent to come back");
      }
    },
  };
}
