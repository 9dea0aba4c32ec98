import { makeAccountStore } from "./accounts.ts";
import { makeAuditStore, makeAuditWriter, type WriteAct } from "./audit.ts";
import { makeChannelStore } from "./channels.ts";
import { makeCordonStore } from "./cordons.ts";
import type { Database } from "./database.ts";
import { brokenDatabase, faultOf, toldOf } from "./faults.ts";
import { makeDeliveryStore } from "./deliveries.ts";
import { makeGithubReportStore } from "./github-reports.ts";
import { makeGithubStore } from "./github.ts";
import { makeGroupCommit, type CommitOptions } from "./group-commit.ts";
import { makeHostStore } from "./hosts.ts";
import { makeImagePlanStore } from "./image-plans.ts";
import { makeKeyStore } from "./key-check.ts";
import { makePhaseTimeStore } from "./phase-times.ts";
import { makeTimeStore } from "./times.ts";
import { makePoolStore } from "./pools.ts";
import { makeRetention } from "./retention.ts";
import { makeQueueStore } from "./queue.ts";
import { makeTeamStore } from "./teams.ts";
import { makeRollupStore } from "./rollup.ts";
import { makeStandingStore } from "./standing.ts";
import { makeTokenStore } from "./tokens.ts";
import { makeVmStore } from "./vms.ts";
import { makeWebhookStore } from "./webhooks.ts";

export interface StoreOptions extends Omit<CommitOptions, "onDurable"> {
  /** Acts of these names are in the audit log now. Now and then one is named whose step was rolled back. */
  onActs?: ((actions: readonly string[]) => void) | undefined;
}

/**
 * The store speaks in intents: each is one atomic step, and its promise resolves when the step is durable.
 * Nothing outside this folder knows that it is SQLite.
 *
 * Every intent and every read may fail with `storage_full` or `storage_busy`, which pass by themselves.
 */
export function makeStore(database: Database, { onActs, ...options }: StoreOptions = {}) {
  const written = new Set<string>();
  const commit = makeGroupCommit(database, { ...options, onDurable });
  const add = makeAuditWriter(database);
  const write: WriteAct = (act, now) => {
    add(act, now);
    written.add(act.action);
  };
  function onDurable(): void {
    if (written.size === 0) return;
    const actions = [...written];
    written.clear();
    onActs?.(actions);
  }
  const store = {
    logId: database.logId,
    ...makeVmStore(database, commit, write),
    ...makeQueueStore(database.db),
    ...makeStandingStore(database.db),
    ...makeHostStore(database, commit, write),
    ...makeCordonStore(database.db, commit, write),
    ...makeChannelStore(database.db, commit, write),
    ...makeImagePlanStore(database.db, commit, write),
    ...makePoolStore(database.db, commit, write),
    ...makeTeamStore(database.db, commit, write),
    ...makeTokenStore(database.db, commit, write),
    ...makeWebhookStore(database.db, commit, write),
    ...makeDeliveryStore(database.db, commit, write),
    ...makeGithubStore(database.db, commit),
    ...makeGithubReportStore(database.db, commit),
    ...makeAuditStore(database, commit, write),
    ...makeRetention(database.db, commit),
    ...makeKeyStore(commit),
    ...makeTimeStore(commit),
    ...makePhaseTimeStore(database.db, commit),
    ...makeRollupStore(database, commit),
    ...makeAccountStore(database, commit),
  };
  return guarded(store, (error) => {
    if (faultOf(error) === "broken") options.onBroken?.(brokenDatabase(database.path, error));
    return toldOf(error);
  });
}

export type Store = ReturnType<typeof makeStore>;

/** The same store, of which every read that throws passes through `told`; intents have their own way. */
function guarded<S extends object>(store: S, told: (error: unknown) => Error): S {
  return new Proxy(store, {
    get(target, key, receiver) {
      const part: unknown = Reflect.get(target, key, receiver);
      if (typeof part !== "function") return part;
      return (...args: unknown[]): unknown => {
        try {
          return Reflect.apply(part, target, args);
        } catch (error) {
          throw told(error);
        }
      };
    },
  });
}
