import type { Runner } from "@tartfleet/shared";
import type { Registry } from "prom-client";
import type { Vm } from "../domain/vm.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";

/** What an integration works with. */
export interface IntegrationParts extends Pick<Parts, "store" | "changes" | "clock" | "randomId"> {
  patience: Patience;
  registry: Registry;
  useCases: Pick<UseCases, "createVm" | "endVm">;
}

/** What serves a CI system by itself: it asks for VMs as its jobs come. */
export interface Integration {
  /**
   * The runner of a VM that it asked for, made now that its guest is ready for it.
   *
   * @throws CallError ci_unavailable when there is none now; the agent asks again
   */
  runnerOf(vm: Vm): Promise<Runner>;
  stop(): void;
}

export type Integrate = (parts: IntegrationParts) => Integration;
