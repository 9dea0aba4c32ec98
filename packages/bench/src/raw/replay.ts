import Database from "better-sqlite3";

/** Steps in a transaction: as many as the control plane has at once while 64 connections create. */
const STEPS_AT_ONCE = 64;

/** A VM's row before its last step has not what only its end knows. */
const OF_THE_END = ["ended_at", "end_reason", "end_message", "end_error", "script_result"];

/** Tables whose rows are written once, at their time. */
const DATED = ["events", "phase_times"];

type Row = Record<string, unknown>;
type Write = () => void;

/** What was written of one VM at one time: by its create, its placement, a report, a timer. */
interface Step {
  vmId: string;
  at: number;
  /** As the step left the VM. */
  state: string;
  attempt: number;
}

/**
 * Writes the lives that a control plane has kept once more, in their order, into an empty database with the same
 * tables, indexes and triggers: at each step of a life the VM's row, inserted first and updated from then on, the
 * step's events and times, and its attempt when that begins and when it is gone. So many steps are a transaction.
 * It is the least that keeping lives can cost where nothing is told before it is durable: no read, no other table.
 *
 * @param since of VMs that were created from then on; milliseconds since 1970
 * @returns lives a second
 * @throws when other rows come of it than those that are there
 */
export function replayLives(from: string, to: string, since: number): number {
  const source = new Database(from, { readonly: true });
  const target = new Database(to);
  try {
    target.pragma("journal_mode = WAL");
    target.pragma("synchronous = FULL");
    target.pragma("foreign_keys = OFF");
    for (const sql of schemaOf(source)) target.exec(sql);
    const steps = stepsSince(source, since);
    const lives = new Set(steps.map(({ vmId }) => vmId)).size;
    const writes = writesOf(source, target, steps);

    const begunAt = performance.now();
    for (let first = 0; first < writes.length; first += STEPS_AT_ONCE) {
      target.transaction(() => {
        for (const step of writes.slice(first, first + STEPS_AT_ONCE)) for (const write of step) write();
      })();
    }
    const seconds = (performance.now() - begunAt) / 1000;

    compare(target, from, since);
    return lives / seconds;
  } finally {
    source.close();
    target.close();
  }
}

function schemaOf(db: Database.Database): string[] {
  return db
    .prepare<[], string>("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'")
    .pluck()
    .all();
}

/** In the order in which they were written; what is of one VM and one time was written together. */
function stepsSince(source: Database.Database, since: number): Step[] {
  const steps = new Map<string, Step>();
  const events = source
    .prepare<[number], Step>(
      `select e.vm_id as vmId, e.at, e.state, e.attempt from events e join vms v on v.id = e.vm_id
         where v.created_at >= ? order by e.id`,
    )
    .all(since);
  for (const step of events) {
    const key = `${step.vmId} ${step.at}`;
    const begun = steps.get(key);
    if (begun) Object.assign(begun, step);
    else steps.set(key, step);
  }
  return [...steps.values()];
}

/** What is written at each step, as statements that only need to be run. */
function writesOf(source: Database.Database, target: Database.Database, steps: readonly Step[]): Write[][] {
  const last = new Map(steps.map((step) => [step.vmId, step]));
  const begun = new Set<string>();
  const vm = tableOf(source, target, "vms", "id = ?");
  const attempt = tableOf(source, target, "attempts", "vm_id = ?");
  const dated = DATED.map((name) => tableOf(source, target, name, "vm_id = ? and at = ?"));
  const advance = target.prepare("update vms set state = ?, state_since = ?, attempt = ? where id = ?");
  const endVm = vm.update("id = @id");
  const endAttempt = attempt.update("vm_id = @vm_id and attempt = @attempt");

  return steps.map((step) => {
    const { vmId, at, state, attempt: current } = step;
    const writes: Write[] = [];
    const isFirst = !begun.has(vmId);
    begun.add(vmId);
    for (const row of vm.rows(vmId)) {
      const then: Row = { ...row, state, state_since: at, attempt: current };
      for (const column of OF_THE_END) then[column] = null;
      if (isFirst) writes.push(() => vm.insert.run(then));
      else if (last.get(vmId) === step) writes.push(() => endVm.run(row));
      else writes.push(() => advance.run(state, at, current, vmId));
    }
    for (const { rows, insert } of dated) {
      for (const row of rows(vmId, at)) writes.push(() => insert.run(row));
    }
    for (const row of attempt.rows(vmId)) {
      const open: Row = { ...row, want: "running", gone_at: null };
      if (row["created_at"] === at) writes.push(() => attempt.insert.run(open));
      if (row["gone_at"] === at) writes.push(() => endAttempt.run(row));
    }
    return writes;
  });
}

function tableOf(source: Database.Database, target: Database.Database, name: string, where: string) {
  const columns = columnsOf(target, name);
  const select = source.prepare<(string | number)[], Row>(`select * from ${name} where ${where}`);
  return {
    rows: (...key: (string | number)[]) => select.all(...key),
    insert: target.prepare(
      `insert into ${name} (${columns.join(", ")}) values (${columns.map((column) => `@${column}`).join(", ")})`,
    ),
    update: (key: string) =>
      target.prepare(
        `update ${name} set ${columns.map((column) => `${column} = @${column}`).join(", ")} where ${key}`,
      ),
  };
}

function columnsOf(db: Database.Database, table: string): string[] {
  return db.prepare<[string], string>("select name from pragma_table_info(?)").pluck().all(table);
}

/** A twin that leaves other rows is none. */
function compare(target: Database.Database, from: string, since: number): void {
  target.prepare("attach ? as source").run(from);
  const lives = "select id from source.vms where created_at >= @since";
  for (const [name, key] of [["vms", "id"], ["attempts", "vm_id"], ...DATED.map((name) => [name, "vm_id"])]) {
    const columns = columnsOf(target, name ?? "").join(", ");
    const missing = target
      .prepare<[{ since: number }], number>(
        `select count(*) from (select ${columns} from source.${name} where ${key} in (${lives})
           except select ${columns} from main.${name})`,
      )
      .pluck()
      .get({ since });
    if (missing !== 0) throw new Error(`${missing} rows of ${name} were not written as they are`);
  }
}
