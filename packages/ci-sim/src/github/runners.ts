import { Refusal } from "./http.ts";

export interface SimRunner {
  id: number;
  name: string;
  labels: string[];
  /** Where it is registered: `orgs/acme`, `repos/acme/app`, `enterprises/acme`. */
  scope: string;
  groupId: number;
  setId: number | null;
  status: "online" | "offline";
  busy: boolean;
}

/** What a runner is given: `.runner`, `.credentials` … as base64 of a JSON map of files (ci-runners §2.2). */
export type MakeJit = (runner: Pick<SimRunner, "name" | "labels">) => string;

/** The groups that exist: the first is everybody's, the second one made by an owner, the third not usable here. */
export const GROUPS = [
  { id: 1, name: "Default", usable: true },
  { id: 2, name: "macs", usable: true },
  { id: 3, name: "secret", usable: false },
] as const;

/** The runners that are registered. */
export function makeRunners(makeJit: MakeJit) {
  const runners = new Map<number, SimRunner>();
  let lastId = 20;
  let isStale = false;
  const named = (name: string) => [...runners.values()].find((runner) => runner.name === name);

  return {
    all: () => [...runners.values()],
    byId: (id: number) => runners.get(id),
    named,
    /** From now on everybody is told that no runner is busy, as github-aws-runners#5085 saw it. */
    tellStale: (stale: boolean) => void (isStale = stale),
    /** @throws Refusal 409 when the name is taken */
    register(parts: Pick<SimRunner, "name" | "labels" | "scope" | "groupId" | "setId">) {
      if (named(parts.name))
        throw new Refusal(409, `Already exists - A runner with the name '${parts.name}' already exists.`);
      const runner: SimRunner = { ...parts, id: (lastId += 1), status: "offline", busy: false };
      runners.set(runner.id, runner);
      return { runner, jit: makeJit(runner) };
    },
    /** @throws Refusal 404, and 422 for a busy one */
    remove(id: number): void {
      const runner = runners.get(id);
      if (!runner) throw new Refusal(404, "Not Found");
      if (runner.busy && !isStale)
        throw new Refusal(422, `Bad request - Runner "${runner.name}" is still running a job"`);
      runners.delete(id);
    },
    /** An ephemeral runner is gone with its job. */
    forget: (id: number) => void runners.delete(id),
    shown: (runner: SimRunner) => ({
      id: runner.id,
      runner_group_id: runner.groupId,
      name: runner.name,
      os: "macOS",
      status: runner.status,
      busy: runner.busy && !isStale,
      ephemeral: true,
      labels: runner.labels.map((name) => ({ id: 0, name, type: "custom" })),
    }),
  };
}

export type Runners = ReturnType<typeof makeRunners>;
