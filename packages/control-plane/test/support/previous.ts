import type { Database } from "../../src/store/database.ts";

/**
 * Fills a database of the first schema as a running fleet leaves it: one VM waits, one boots, one works, and
 * their hosts, slots, attempts, events and tokens. Plain SQL, because today's queries know today's columns.
 */
export function fillPrevious({ db }: Database): { ids: string[]; hostId: number } {
  const now = 1_700_000_000_000;
  const { $client } = db;
  const spec = JSON.stringify({
    image: "ghcr.io/org/image:1",
    os: "macos",
    hostLabels: {},
    labels: {},
    run: {},
    envNames: [],
    runnerKind: null,
    ttlMs: 21_600_000,
    queueTimeoutMs: 3_600_000,
  });
  $client.exec(
    `insert into hosts (id, name, machine_id, epoch, revision, created_at) values (1, 'mac-1', 'machine-mac-1', 3, 7, 0);
     insert into slots (host_id, slot) values (1, 0), (1, 1);
     insert into tokens (id, kind, name, hash, created_at) values
       ('admin0000000', 'admin', 'first admin', 'h', 0), ('ci0000000000', 'ci', 'github', 'h', 0);
     insert into tokens (id, kind, name, hash, host_id, created_at) values ('host00000000', 'host', 'host mac-1', 'h', 1, 0);`,
  );
  const addVm = $client.prepare(
    `insert into vms (id, name, state, state_since, spec, created_by, attempt, host_id, budget_ends_at, expires_at, deadline_at,
       job_state, job_details, created_at, ready_at)
     values (:id, :id, :state, ${now}, :spec, 'token github (ci0000000000)', :attempt, :host, :budget, :expires, :deadline, 'none', '{}', ${now}, :ready)`,
  );
  const vms = [
    { id: "waiting000000000", state: "queued", attempt: 0, ready: null },
    { id: "booting000000000", state: "booting", attempt: 1, ready: null },
    { id: "working000000000", state: "ready", attempt: 1, ready: now },
  ];
  for (const [index, { id, state, attempt, ready }] of vms.entries()) {
    const budget = ready === null ? now + 3_600_000 : null;
    const expires = attempt === 0 ? null : now + 21_600_000;
    addVm.run({
      id,
      state,
      spec,
      attempt,
      ready,
      host: attempt === 0 ? null : 1,
      budget,
      expires,
      deadline: budget ?? expires,
    });
    $client
      .prepare(
        "insert into events (vm_id, at, type, state, attempt, source, message, data) values (?, 0, 'state', ?, ?, 'host', 'so it was', '{}')",
      )
      .run(id, state, attempt);
    if (attempt === 0) continue;
    $client
      .prepare(
        "insert into attempts (vm_id, attempt, host_id, slot, want, created_at) values (?, 1, 1, ?, 'running', 0)",
      )
      .run(id, index - 1);
    $client
      .prepare(
        "insert into tokens (id, kind, name, hash, vm_id, attempt, created_at) values (?, 'vm', ?, 'h', ?, 1, 0)",
      )
      .run(`vm${index}0000000000`, `VM ${id}`, id);
  }
  return { ids: vms.map(({ id }) => id), hostId: 1 };
}
