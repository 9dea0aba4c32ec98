import type { BoardHost } from "@tartfleet/shared";
import { labelTexts } from "../parts/text.ts";

/** What can be asked for in the fleet as it is. */
export interface Words {
  labels: string[];
  images: string[];
  teams: string[];
}

export const NO_WORDS: Words = { labels: [], images: [], teams: [] };
/** Nobody reads a longer list; typing narrows it. */
const MOST = 100;

export function wordsOf(hosts: readonly BoardHost[]): Words {
  const vms = hosts.flatMap(({ slots }) => slots.flatMap(({ vm }) => (vm ? [vm] : [])));
  const some = (values: readonly string[]) => [...new Set(values)].sort().slice(0, MOST);
  return {
    labels: some(hosts.flatMap(({ labels }) => labelTexts(labels))),
    images: some(vms.map(({ image }) => image)),
    teams: some(vms.map(({ team }) => team).filter(Boolean)),
  };
}
