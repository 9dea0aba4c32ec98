import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { path, readSettings, type ReadSettings } from "@tartfleet/settings";
import { z } from "zod";
import { SETTINGS } from "../config/settings.ts";
import { keyFileIn, readOrMakeKey, type KeySource } from "../engine/secrets-key.ts";
import { makeSealer } from "../engine/secrets.ts";
import { backUp, restore } from "../store/backup.ts";
import { DatabaseUnusableError } from "../store/faults.ts";
import { databaseIn } from "../store/files.ts";
import { takeInventory, type Contents } from "../store/inventory.ts";

const file = z.string({ error: "is missing" }).pipe(path);
const DATA_DIR = SETTINGS.pick({ dataDir: true });
const WITH_KEY = SETTINGS.pick({ dataDir: true, secretsKeyCommand: true });

const COMMANDS = {
  check: { description: "Reads all of the database and says what is wrong with it.", table: WITH_KEY },
  backup: {
    description: "Copies the database to FILE, also while the control plane runs.",
    table: DATA_DIR.extend({ file: file.describe("where the copy goes; replaced when it is there") }),
  },
  restore: {
    description: "Puts the backup FILE in the place of the database; the control plane must be stopped.",
    table: WITH_KEY.extend({ file: file.describe("a backup") }),
  },
} as const;

/** What a run came to. */
export type DbResult =
  | { kind: "done"; text: string; isWhole: boolean }
  | Exclude<ReadSettings<unknown>, { kind: "settings" }>;

/**
 * `tartfleet-control-plane db check|backup|restore`.
 *
 * @throws DatabaseUnusableError that says what to do
 */
export async function runDb(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): Promise<DbResult> {
  const [name, ...rest] = argv;
  switch (name) {
    case "check": {
      const read = readDb("check", COMMANDS.check.table, rest, env, version);
      return read.kind === "settings" ? check(read.settings) : read;
    }
    case "backup": {
      const read = readDb("backup", COMMANDS.backup.table, rest, env, version);
      return read.kind === "settings" ? backup(read.settings) : read;
    }
    case "restore": {
      const read = readDb("restore", COMMANDS.restore.table, rest, env, version);
      return read.kind === "settings" ? putBack(read.settings) : read;
    }
    case undefined:
    default: {
      const lines = Object.entries(COMMANDS).map(
        ([command, { description }]) => `  db ${command.padEnd(8)} ${description}`,
      );
      const text = `${lines.join("\n")}\n`;
      if (name === "--help" || name === "-h") return { kind: "text", text };
      return { kind: "mistakes", mistakes: [`db: needs one of check, backup and restore\n${text}`] };
    }
  }
}

function readDb<Table extends z.ZodObject>(
  command: keyof typeof COMMANDS,
  table: Table,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
) {
  return readSettings(
    {
      name: `tartfleet-control-plane db ${command}`,
      description: COMMANDS[command].description,
      version,
      table,
      secrets: z.object({}),
      lists: [],
      operands: "file" in table.shape ? ["file"] : [],
      contradictions: () => [],
    },
    argv,
    env,
  );
}

function check(source: KeySource): DbResult {
  const file = databaseIn(source.dataDir);
  const { damage, contents } = takeInventory(file);
  const wrong = damage.map((what) => `damaged: ${what}`);
  const facts = [file];
  if (contents) {
    const { schema, counts, sealed, logId, audit } = contents;
    facts.push(
      `schema ${schema.applied} of ${schema.known}, log ${logId ?? "none yet"}`,
      `${counts.liveVms} live VMs, ${counts.endedVms} ended ones, ${counts.hosts} hosts, ${counts.tokens} tokens, ${sealed.length} sealed credentials`,
    );
    if (contents.danglingRows > 0)
      wrong.push(`${contents.danglingRows} rows point at rows that are not there`);
    if (schema.isNewer) wrong.push("it was written by a newer version of tartfleet");
    if (audit.fault) wrong.push(`the audit log is not whole: ${audit.fault.message}`);
    if (audit.last)
      facts.push(`${audit.rows} rows of audit log; anchor ${audit.last.seq}:${audit.last.hash}`);
    const locked = lockedSecrets(source, sealed);
    if (locked !== undefined) wrong.push(locked);
  }
  if (damage.length > 0) {
    wrong.push(
      "Put a backup in its place: stop the control plane, then tartfleet-control-plane db restore FILE",
    );
  }
  const lines = [...facts, ...(wrong.length === 0 ? ["whole"] : wrong)];
  return { kind: "done", text: `${lines.join("\n")}\n`, isWhole: wrong.length === 0 };
}

/** What is wrong with the key of what is sealed; undefined when it opens everything. */
function lockedSecrets(source: KeySource, sealed: Contents["sealed"]): string | undefined {
  if (sealed.length === 0) return undefined;
  const keyFile = keyFileIn(source.dataDir);
  if (source.secretsKeyCommand === undefined && !existsSync(keyFile)) {
    return `${keyFile} is missing: ${sealed.length} VMs cannot be set up without it. Restore it from where you keep it.`;
  }
  const { open } = makeSealer(readOrMakeKey(source));
  const locked = sealed.filter(({ id, secrets }) => {
    try {
      open(secrets, id);
      return false;
    } catch {
      return true;
    }
  });
  if (locked.length === 0) return undefined;
  return `${source.secretsKeyCommand === undefined ? keyFile : "the key of --secrets-key-command"} is another one than ${locked.length} VMs were sealed with; they cannot be set up. Restore the right one.`;
}

async function backup({ dataDir, file }: { dataDir: string; file: string }): Promise<DbResult> {
  const target = resolve(file);
  if (existsSync(dataDir) && realFolder(target) === realpathSync(dataDir)) {
    throw new DatabaseUnusableError(
      `${file} is in the data directory: it would be lost with it. Name a file elsewhere.`,
    );
  }
  await backUp(databaseIn(dataDir), target);
  return {
    kind: "done",
    isWhole: true,
    text: `${target} is a whole copy. secrets.key is not in it: keep a copy of ${join(dataDir, "secrets.key")} too, apart from the backups.\n`,
  };
}

function realFolder(file: string): string {
  const folder = dirname(file);
  if (!existsSync(folder)) throw new DatabaseUnusableError(`There is no folder ${folder}.`);
  return realpathSync(folder);
}

async function putBack({ file, ...source }: KeySource & { file: string }): Promise<DbResult> {
  const { dataDir } = source;
  const { replaced, logId, ended } = await restore(dataDir, resolve(file), Date.now());
  const locked = lockedSecrets(source, takeInventory(databaseIn(dataDir)).contents?.sealed ?? []);
  const lines = [
    `${databaseIn(dataDir)} is the backup now, as log ${logId}.`,
    ...(replaced === undefined ? [] : [`What was there is ${replaced}.`]),
    ...(ended === 0 ? [] : [`${ended} VMs that waited in the backup were ended: they may have run since.`]),
    ...(locked === undefined ? [] : [`Before you start the control plane: ${locked}`]),
  ];
  return { kind: "done", text: `${lines.join("\n")}\n`, isWhole: true };
}
