import { databaseIn } from "@tartfleet/control-plane/src/store/files.ts";
import Database from "better-sqlite3";
import type { Fleet } from "../fleet.ts";
import { requireAll } from "../load/require-all.ts";

/**
 * Gives a fleet's control plane a past: one VM lives and ends, and what is left of it is there so many times when the
 * control plane is started again.
 *
 * @returns how long it took to be ready then, in milliseconds
 */
export async function restartWithPast({ plane, load, create, calm }: Fleet, count: number): Promise<number> {
  requireAll(await load.closed(create, 1, 1));
  await calm();
  await plane.kill("SIGTERM");
  copyNewest(databaseIn(plane.dataDir), count);
  const readyMs = await plane.start();
  await calm();
  return readyMs;
}

function copyNewest(path: string, count: number): void {
  const db = new Database(path);
  try {
    const id = db
      .prepare<[], string>("select id from vms where ended_at is not null order by seq desc")
      .pluck()
      .get();
    if (id === undefined) throw new Error("no VM has ended yet");
    db.transaction(() => {
      // What is another in every copy, and the same for the same one in all tables.
      const own = `'${id.slice(0, 4)}' || printf('%012d', i)`;
      copy("vms", "id", { id: own, name: own });
      for (const table of tablesAbout(db)) copy(table, "vm_id", { vm_id: own });
    })();

    function copy(table: string, key: string, own: Readonly<Record<string, string>>): void {
      const columns = db
        .prepare<[string], { name: string; pk: number; type: string }>(
          "select name, pk, type from pragma_table_info(?)",
        )
        .all(table)
        // The number by which SQLite counts rows is another for each.
        .filter(({ pk, type, name }) => !(pk === 1 && type === "INTEGER" && name !== key));
      const names = columns.map(({ name }) => name);
      const values = names.map((name) => own[name] ?? name);
      db.prepare(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
         insert into ${table} (${names.join(", ")}) select ${values.join(", ")} from n, ${table} where ${key} = ?`,
      ).run(count, id);
    }
  } finally {
    db.close();
  }
}

/** Tables whose rows are about one VM each. */
function tablesAbout(db: Database.Database): string[] {
  return db
    .prepare<[], string>(
      `select m.name from sqlite_master m where m.type = 'table' and exists
         (select 1 from pragma_table_info(m.name) where name = 'vm_id')`,
    )
    .pluck()
    .all();
}
