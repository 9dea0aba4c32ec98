import Database from "better-sqlite3";

/** Writes rows as durably as the control plane does: what arrives in one turn of the event loop is one transaction. */
export interface RawRows {
  /** Resolves when the row is durable. */
  write(id: string, body: string): Promise<void>;
  close(): void;
}

export function openRawRows(path: string): RawRows {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec("create table rows (seq integer primary key, id text not null unique, body text not null) strict");
  const insert = db.prepare<[string, string]>("insert into rows (id, body) values (?, ?)");
  const begin = db.prepare("begin immediate");
  const commit = db.prepare("commit");
  let waiting: { id: string; body: string; done: () => void }[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    begin.run();
    for (const { id, body } of group) insert.run(id, body);
    commit.run();
    for (const { done } of group) done();
  }

  return {
    write(id, body) {
      return new Promise((done) => {
        waiting.push({ id, body, done });
        if (waiting.length === 1) setImmediate(flush);
      });
    },
    close: () => void db.close(),
  };
}
