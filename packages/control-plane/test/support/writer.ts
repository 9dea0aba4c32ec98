import { openDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { queuedVm } from "./vms.ts";

/** Accepts VMs as fast as it can and prints each id once it is acknowledged; is killed by its test. */
const store = makeStore(openDatabase(process.argv[2] ?? ""));

for (let count = 0; ; count += 10) {
  const ids = Array.from({ length: 10 }, (_, index) => `vm${String(count + index).padStart(14, "0")}`);
  await Promise.all(
    ids.map(async (id) => {
      const vm = queuedVm({ id, name: id });
      await store.acceptVm(
        { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", secrets: null, mostQueued: Infinity },
        0,
      );
      process.stdout.write(`${id}\n`);
    }),
  );
}
