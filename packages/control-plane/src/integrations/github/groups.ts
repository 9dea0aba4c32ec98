import type { Clock } from "../../engine/clock.ts";
import { statusOf, type GithubApi } from "./api.ts";
import type { RunnerDefinition } from "./config.ts";
import type { CiLog } from "../log.ts";
import { groupRefused, LEFT_ALONE_MS, noSuchGroup, NotAsConfiguredError } from "./not-as-configured.ts";
import { messageOf } from "../message-of.ts";

/** Everybody's group, and a repository's only one. */
const DEFAULT_GROUP = 1;
const AGAIN_MS = 60_000;

/**
 * The runner groups that definitions without a scale set name: looked up at the start, so that a name that is not right
 * is told of then, once, and no VM boots for a runner that cannot be had.
 */
export function startGroups(
  definitions: readonly RunnerDefinition[],
  { api, clock, log }: { api: Pick<GithubApi, "groupId">; clock: Clock; log: CiLog },
) {
  const ids = new Map<string, number>();
  const told = new Map<string, string>();
  const cancels = new Map<string, () => void>();

  async function look(definition: RunnerDefinition, group: string): Promise<void> {
    const { name, scope } = definition;
    try {
      const id = await api.groupId(scope, group);
      if (id === undefined) throw new NotAsConfiguredError(noSuchGroup(group));
      ids.set(name, id);
      told.delete(name);
    } catch (error) {
      fail(definition, group, error);
    }
  }

  function fail(definition: RunnerDefinition, group: string, error: unknown): void {
    const { name } = definition;
    const isMistake = error instanceof NotAsConfiguredError;
    const why = messageOf(error);
    ids.delete(name);
    if (told.get(name) !== why)
      log.warn(
        { runner: name, why, ...(isMistake ? { code: error.code } : {}) },
        "A runner group cannot be used",
      );
    told.set(name, why);
    cancels.get(name)?.();
    const again = clock.after(isMistake ? LEFT_ALONE_MS : AGAIN_MS, () => void look(definition, group));
    cancels.set(name, again);
  }

  for (const definition of definitions) {
    if (definition.mode !== "webhook") continue;
    if (definition.runnerGroup === undefined) ids.set(definition.name, DEFAULT_GROUP);
    else void look(definition, definition.runnerGroup);
  }

  return {
    /** undefined while it is not known, or not to be used */
    idOf: (definition: string): number | undefined => ids.get(definition),
    /** GitHub did not let a runner in: whether that is for its group. */
    refused(definition: RunnerDefinition, error: unknown): void {
      const { runnerGroup } = definition;
      const isRefusal = statusOf(error) === 403 || statusOf(error) === 404;
      if (runnerGroup === undefined || !isRefusal || !(error instanceof Error)) return;
      fail(definition, runnerGroup, new NotAsConfiguredError(groupRefused(runnerGroup, error.message)));
    },
    stop(): void {
      for (const cancel of cancels.values()) cancel();
    },
  };
}

export type Groups = ReturnType<typeof startGroups>;
