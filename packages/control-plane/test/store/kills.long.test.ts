import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, queuedVm } from "../support/vms.ts";

const KILLS = 40;

test("forty kills -9 at any moment lose no acknowledged VM, leave nothing half done, and a repeated key makes no second VM", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tartfleet-kills-"));
  const writer = new URL("../support/writer.ts", import.meta.url).pathname;
  const acknowledged = new Set<string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const prefix = `k${kill}-`;
    const child = spawn(process.execPath, [writer, dir, prefix], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    const enough = Promise.withResolvers<void>();
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      // Another point of a group's life each time.
      if (said.length > 200 + kill * 97) enough.resolve();
    });
    await enough.promise;
    child.kill("SIGKILL");
    await once(child, "close");
    for (const id of said.split("\n").slice(0, -1)) acknowledged.add(id);

    const database = openDatabase(dir);
    expect(database.db.all("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    const stored = new Set(database.db.all<{ id: string }>("select id from vms").map(({ id }) => id));
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect(database.db.all("select id from vms where id not in (select vm_id from events)")).toEqual([]);

    // Whoever never had an answer asks again with the same key.
    const store = makeStore(database);
    const mine = [...stored].filter((id) => id.startsWith(prefix));
    for (const key of mine.slice(-12)) {
      const vm = queuedVm({ id: `${key}-again`, name: `${key}-again` });
      const asked = {
        vm,
        createdBy: "ci",
        idempotencyKey: key,
        bodyHash: "",
        secrets: null,
        mostQueued: Infinity,
      };
      expect(await store.acceptVm(asked, ACT, 0)).toMatchObject({ vm: { id: key }, event: null });
    }
    database.close();
  }
  rmSync(dir, { recursive: true });
});
