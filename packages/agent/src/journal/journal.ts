import type { Entry } from "../reconcile/instance.ts";

/** What the agent remembers of its instances across restarts: one entry each. Holds no secret. */
export interface Journal {
  /** All entries by instance name. What cannot be understood is set aside, not guessed at. */
  load(): Promise<Map<string, Entry>>;
  /** Resolves when the entry is durable. */
  save(name: string, entry: Entry): Promise<void>;
  remove(name: string): Promise<void>;
}
