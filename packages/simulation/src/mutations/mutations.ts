import { IN_THE_AGENT } from "./in-the-agent.ts";
import { IN_THE_ENGINE } from "./in-the-engine.ts";
import { IN_THE_STORE } from "./in-the-store.ts";
import type { Mutation } from "./plant.ts";
import { IN_SECURITY_AND_STORAGE } from "./security-and-storage.ts";

/** Every planted bug. The simulation must find each of them; a test says within how many seeds. */
export const MUTATIONS: readonly Mutation[] = [
  ...IN_THE_STORE,
  ...IN_THE_ENGINE,
  ...IN_THE_AGENT,
  ...IN_SECURITY_AND_STORAGE,
];
