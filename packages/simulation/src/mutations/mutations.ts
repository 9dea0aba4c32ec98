import { AT_THE_HOSTS } from "./at-the-hosts.ts";
import { IN_THE_AGENT } from "./in-the-agent.ts";
import { IN_THE_ENGINE } from "./in-the-engine.ts";
import { IN_THE_SCHEDULER } from "./in-the-scheduler.ts";
import { IN_THE_STORE } from "./in-the-store.ts";
import type { Mutation } from "./plant.ts";
import { IN_SECURITY_AND_STORAGE } from "./security-and-storage.ts";
import { WITH_CHANNELS } from "./with-channels.ts";
import { WITH_TIME } from "./with-time.ts";

/** Every planted bug. The simulation must find each of them; a test says within how many seeds. */
export const MUTATIONS: readonly Mutation[] = [
  ...IN_THE_STORE,
  ...IN_THE_ENGINE,
  ...IN_THE_AGENT,
  ...IN_SECURITY_AND_STORAGE,
  ...AT_THE_HOSTS,
  ...IN_THE_SCHEDULER,
  ...WITH_CHANNELS,
  ...WITH_TIME,
];
