import { openDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, queuedVm } from "./vms.ts";

/** Accepts VMs as fast as it can and prints each id once it is acknowledged; is killed by its test. */
const [dir = "", prefix = "vm"] = process.argv.slice(2);
const store = makeStore(openDatabase(dir));

for (let count = 0; ; count += 10) {
  const ids = Array.from({ length: 10 }, (_, index) => `${prefix}${String(count + index).padStart(12, "0")}`);
  await Promise.all(
    ids.map(async (id) => {
      const vm = queuedVm({ id, name: id });
      const accepted = {
        vm,
        createdBy: "ci",
        idempotencyKey: id,
        bodyHash: "",
        secrets: null,
        mostQueued: Infinity,
      };
      await store.acceptVm(accepted, { ...ACT, action: "vm.create", subject: `VM ${id}` }, 0);
      process.stdout.write(`${id}\n`);
    }),
  );
}
