import type { NodeClient } from "@tartfleet/client/node";
import type { Settings } from "./settings.ts";

/** What every stage but config works with. */
export interface Stage {
  client: NodeClient;
  settings: Settings;
  env: NodeJS.ProcessEnv;
  /** gitlab-runner wants it to end: the job was cancelled, or is out of time. */
  signal: AbortSignal;
  /** A line of the job's log. */
  say: (line: string) => void;
}
