import type { CapacityQuery, Runner, RunnerKind } from "@tartfleet/shared";
import type { Registry } from "prom-client";
import type { Vm } from "../domain/vm.ts";
import type { EndForCi } from "./ci-ends.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";

/** What an integration works with. */
export interface IntegrationParts extends Pick<Parts, "store" | "changes" | "clock" | "randomId"> {
  patience: Patience;
  registry: Registry;
  useCases: Pick<UseCases, "createVm">;
  endForCi: EndForCi;
  /** How many VMs of a kind could start now for a team. */
  startNow(query: CapacityQuery, team: string): number;
  /** Where people reach the control plane. */
  publicUrl: string;
}

/** Whose runner a VM gets, when an integration asked for it. */
export interface RunnerFrom {
  /** Name of the runner definition. */
  definition: string;
  kind: RunnerKind;
}

/** A webhook of a CI system as it came: the body's bytes, for it is signed. */
export interface WebhookCall {
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** @returns false when the CI system did not send it */
export type TakeWebhook = (call: WebhookCall) => Promise<boolean>;

/** What serves a CI system by itself: it asks for VMs as its jobs come. */
export interface Integration {
  /**
   * The runner of a VM that it asked for, made now that its guest is ready for it.
   *
   * @throws CallError ci_unavailable when there is none now; the agent asks again
   */
  runnerOf(vm: Vm): Promise<Runner>;
  /** GitHub's. Without it no webhooks are taken. */
  takeWebhook?: TakeWebhook | undefined;
  stop(): void;
}

export type Integrate = (parts: IntegrationParts) => Integration;
