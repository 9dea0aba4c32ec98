import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import {
  auditRecordSchema,
  followAuditChain,
  type AuditAnchor,
  type AuditRecord,
  type AuditSummary,
} from "@tartfleet/shared";
import { InvalidArgumentError, type Command } from "commander";
import { CliError, messageOf, usageError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { count } from "../output/text.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";

interface VerifyFlags extends GlobalFlags {
  anchor?: AuditAnchor;
}

export function addVerify(group: Command, context: Context): void {
  group
    .command("verify [file]")
    .summary("check that no row was changed, left out or put in")
    .description(
      "Checks the hash of every row and that each follows the one before: of the control plane's log, or of an export (JSON lines; - is stdin). Nothing but the rows themselves is believed. What was cut off at the end, or written anew as a whole, is found with an anchor: the one that was printed by an earlier run and kept elsewhere.",
    )
    .option("--anchor <seq:hash>", "a row that must still be there", anchorOf)
    .action((file: string | undefined, _flags, command: Command) =>
      verify(file, command.optsWithGlobals<VerifyFlags>(), context),
    );
}

async function verify(file: string | undefined, flags: VerifyFlags, context: Context): Promise<void> {
  const { anchor } = flags;
  const rows = file === undefined ? connect(flags, context).audit({}) : rowsOf(file, context);
  const chain = followAuditChain(sha256, { anchor, whole: file === undefined });
  for await (const row of rows) if (!chain.take(row)) break;
  const summary = chain.end();
  const { first, last, fault } = summary;
  if (fault) {
    throw new CliError(EXIT.auditBroken, `The audit log is not whole: ${fault.message}.`, {
      code: "audit_broken",
      advice: [ADVICE],
      document: documentOf(summary),
    });
  }
  reply(context, flags, documentOf(summary), () => {
    if (!first || !last) return "There are no rows.";
    const range = `${count(summary.rows, "row")}, ${first.seq} (${first.at}) to ${last.seq} (${last.at})`;
    const part = first.seq === 1 ? "" : `\nWhat came before row ${first.seq} is not among them.`;
    return `The audit log is whole: ${range}.${part}\nKeep this elsewhere, for --anchor: ${last.seq}:${last.hash}`;
  });
}

const ADVICE =
  "Compare it with an export or a backup from before. Somebody who can write to the database may have done this.";

function documentOf({ rows, first, last, fault }: AuditSummary) {
  return {
    whole: fault === undefined,
    rows,
    first: first?.seq ?? null,
    last: last?.seq ?? null,
    anchor: last ? `${last.seq}:${last.hash}` : null,
    fault: fault ?? null,
  };
}

async function* rowsOf(file: string, { stdin }: Context): AsyncGenerator<AuditRecord, void> {
  let line = 0;
  try {
    const input = file === "-" ? stdin : createReadStream(file);
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() !== "") yield auditRecordSchema.parse(JSON.parse(text));
    }
  } catch (error) {
    if (line === 0) throw usageError(`${file} cannot be read: ${messageOf(error)}`);
    throw usageError(`${file}, line ${line}, is not a row of an export in JSON lines`);
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** For commander: `SEQ:HASH`. */
function anchorOf(text: string): AuditAnchor {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match?.[1] && match[2]) return { seq: Number(match[1]), hash: match[2] };
  throw new InvalidArgumentError("It must be a row's number and hash, as `audit verify` prints them.");
}
