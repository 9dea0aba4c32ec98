import { CallError } from "@tartfleet/shared";
import type { Integrate } from "../engine/integration.ts";
import type { VmDefinition } from "./vm-definition.ts";

/** A CI system that is configured and not started yet. */
export interface Opened {
  definitions: readonly Pick<VmDefinition, "name">[];
  integrate: Integrate;
}

/** Several CI systems side by side; a VM's runner comes from the one whose definition asked for it. */
export function compose(systems: readonly Opened[]): Integrate {
  return (parts) => {
    const started = systems.map(({ definitions, integrate }) => ({ definitions, ...integrate(parts) }));
    const byDefinition = new Map(
      started.flatMap((system) => system.definitions.map(({ name }) => [name, system] as const)),
    );
    return {
      async runnerOf(vm) {
        const { runnerFrom = "" } = vm.spec;
        const system = byDefinition.get(runnerFrom);
        if (system) return system.runnerOf(vm);
        throw new CallError(
          "ci_unavailable",
          `The runner definition ${runnerFrom} of VM ${vm.id} is in no CI system's configuration any more.`,
        );
      },
      takeWebhook: started.find(({ takeWebhook }) => takeWebhook)?.takeWebhook,
      stop() {
        for (const system of started) system.stop();
      },
    };
  };
}
