import type { Database } from "../../src/store/database.ts";

/** Fills a database with VMs that have come to their end, one a second, the newest at `until`; quick, since in SQL. */
export function seedEnded(database: Database, count: number, until: number): void {
  const { $client } = database.db;
  const spec = JSON.stringify({
    image: "ghcr.io/cirruslabs/macos-runner:sequoia",
    os: "macos",
    hostLabels: { xcode: "16" },
    labels: { repository: "app" },
    run: {},
    envNames: [],
    runnerKind: "github",
    ttlMs: 21_600_000,
    queueTimeoutMs: 3_600_000,
  });
  const first = until - count * 1000;
  $client.exec("insert or ignore into hosts (id, name, machine_id, created_at) values (1, 'mac-1', 'm', 0)");
  $client.exec("insert or ignore into slots (host_id, slot) values (1, 0), (1, 1)");
  const rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)";
  const run = (sql: string, ...values: unknown[]) => $client.prepare(`${rows} ${sql}`).run(count, ...values);
  $client.transaction(() => {
    run(
      `insert into vms (id, name, state, state_since, spec, job_id, created_by, attempt, host_id, end_reason, end_message,
         job_state, job_details, created_at, assigned_at, ready_at, ended_at)
       select printf('ended%011d', i), printf('vm-%011d', i), 'deleted', ? + i * 1000, ?, 'job-' || i, 'token ci (1)', 1, 1,
         'runner_exited', 'The runner exited.', 'ended', '{}', ? + i * 1000, 0, 0, ? + i * 1000 from n`,
      first,
      spec,
      first,
      first,
    );
    run(
      `insert into attempts (vm_id, attempt, host_id, slot, want, created_at, gone_at)
       select printf('ended%011d', i), 1, 1, i % 2, 'gone', 0, 1 from n`,
    );
    run(
      `insert into events (vm_id, at, type, state, attempt, source, message, data)
       select printf('ended%011d', i), 0, 'state', state, 1, 'host', 'It went on as it should.', '{}'
       from n, (select 'queued' as state union all select 'booting' union all select 'ready' union all select 'draining' union all select 'stopping' union all select 'deleted')`,
    );
  })();
  $client.pragma("wal_checkpoint(truncate)");
}
