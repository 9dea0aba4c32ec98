import { CallError, Secret, type Runner } from "@tartfleet/shared";
import { runnerName } from "../../domain/github/runner-name.ts";
import type { Vm } from "../../domain/vm.ts";
import type { ActionsService } from "./actions-service.ts";
import type { GithubApi } from "./api.ts";
import { labelsOf, type RunnerDefinition } from "./config.ts";
import type { Groups } from "./groups.ts";
import type { Listener } from "./listener.ts";
import { messageOf } from "../message-of.ts";

const SALT = 4;

/** Makes the credential of a VM's runner: now that its guest waits for it, for GitHub drops what waits for minutes. */
export function makeMinter(
  definitions: readonly RunnerDefinition[],
  {
    api,
    groups,
    serviceOf,
    listenerOf,
    randomId,
    onMinted,
  }: {
    api: GithubApi;
    groups: Pick<Groups, "idOf" | "refused">;
    serviceOf(definition: RunnerDefinition): ActionsService;
    listenerOf(name: string): Listener | undefined;
    randomId(length: number): string;
    onMinted(definition: string, ok: boolean): void;
  },
) {
  async function restJit(definition: RunnerDefinition, name: string): Promise<string> {
    const groupId = groups.idOf(definition.name);
    if (groupId === undefined)
      throw new Error(`its runner group ${definition.runnerGroup ?? ""} is not known yet`);
    try {
      return await api.generateJit(definition.scope, { name, groupId, labels: labelsOf(definition) });
    } catch (error) {
      groups.refused(definition, error);
      throw error;
    }
  }

  async function jitFor(definition: RunnerDefinition, name: string): Promise<string> {
    if (definition.mode === "webhook") return restJit(definition, name);
    const service = serviceOf(definition);
    const setId = listenerOf(definition.name)?.setId() ?? (await service.ensureSet(definition));
    return service.generateJit(setId, name);
  }

  /** @throws CallError ci_unavailable; the agent asks again */
  return async (vm: Vm): Promise<Runner> => {
    const definition = definitions.find(({ name }) => name === vm.spec.runnerFrom);
    if (!definition) throw new Error(`VM ${vm.id} is of no definition of GitHub's`);
    try {
      const jit = await jitFor(definition, runnerName(definition.name, vm, randomId(SALT)));
      onMinted(definition.name, true);
      return { kind: "github", jitConfig: new Secret(jit) };
    } catch (error) {
      onMinted(definition.name, false);
      throw new CallError("ci_unavailable", `GitHub gave no runner for VM ${vm.id}: ${messageOf(error)}`);
    }
  };
}
