import type { HostFacts } from "@tartfleet/shared";

/** What a Mac says of itself. */
export const FACTS: HostFacts = {
  agentVersion: "1",
  tartVersion: "2.40.1",
  osVersion: "26",
  arch: "arm64",
  cpu: 8,
  memoryMiB: 16_384,
  diskTotalGiB: 500,
  diskFreeGiB: 400,
  labels: {},
  images: [],
  foreign: [],
  phantomSlots: 0,
};
