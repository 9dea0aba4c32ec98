import { eq, isNotNull } from "drizzle-orm";
import { DatabaseUnusableError } from "./faults.ts";
import type { Commit } from "./group-commit.ts";
import { meta, vms } from "./schema.ts";

const KEY = "secrets_key";

export function makeKeyStore(commit: Commit) {
  return {
    /**
     * A control plane begins with the key that has this check value (which does not tell the key).
     *
     * @throws DatabaseUnusableError when something is sealed with another one
     */
    beginWithKey: (value: string): Promise<void> =>
      commit((tx) => {
        const known = tx.select().from(meta).where(eq(meta.key, KEY)).get()?.value;
        if (known === value) return;
        const sealed = tx.select({ id: vms.id }).from(vms).where(isNotNull(vms.secrets)).limit(1).get();
        if (known !== undefined && sealed) {
          throw new DatabaseUnusableError(
            `The key of secrets is another one than VM ${sealed.id} was sealed with. Restore the right key. If it is lost for good: sqlite3 tartfleet.sqlite "delete from meta where key = '${KEY}'", and the VMs that wait for it fail.`,
          );
        }
        tx.insert(meta)
          .values({ key: KEY, value })
          .onConflictDoUpdate({ target: meta.key, set: { value } })
          .run();
      }),
  };
}
