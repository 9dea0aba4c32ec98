import { Option, type Command } from "commander";
import type { AuditFilter } from "../api/client.ts";
import type { Context } from "../context.ts";
import { auditCsv, auditTable, CSV_HEAD } from "../output/audit.ts";
import { addVerify } from "./audit-verify.ts";
import { connect, note, positive, reply, TIME_FORM, timeOf, type GlobalFlags } from "./common.ts";

interface ListFlags extends GlobalFlags, AuditFilter {
  limit: number;
}

interface ExportFlags extends GlobalFlags {
  format: "jsonl" | "csv";
  since?: string;
}

export function addAuditCommands(program: Command, context: Context): void {
  const group = program.command("audit").description("who did what to which VM, host or token (for admins)");
  const since = (text: string) => timeOf(text, context.now());
  group
    .command("list")
    .summary("list acts, newest first")
    .description("Lists acts, newest first. Filters are compared with the whole text, as it is listed.")
    .option("--actor <who>", "like 'token github (4k2…)', 'host mac-1' or 'VM …'")
    .option("--action <what>", "like vm.create")
    .option("--subject <what>", "like 'VM …', 'host mac-1' or 'token github (4k2…)'")
    .option("--since <time>", SINCE_HELP, since)
    .option("--limit <count>", "at most so many, up to 1000", positive, 50)
    .action((_flags, command: Command) => list(command.optsWithGlobals<ListFlags>(), context));
  group
    .command("export")
    .summary("write the whole log, oldest first")
    .description(
      "Writes the whole log to stdout, oldest first. JSON lines can be verified later; CSV is for spreadsheets.",
    )
    .addOption(new Option("--format <format>", "how").choices(["jsonl", "csv"]).default("jsonl"))
    .option("--since <time>", SINCE_HELP, since)
    .action((_flags, command: Command) => exportAll(command.optsWithGlobals<ExportFlags>(), context));
  addVerify(group, context);
}

const SINCE_HELP = `not older than this: ${TIME_FORM}`;

async function list(flags: ListFlags, context: Context): Promise<void> {
  const { limit, actor, action, subject, since } = flags;
  const { records } = await connect(flags, context).auditPage(filterOf({ actor, action, subject, since }), {
    limit,
    order: "newest",
  });
  if (records.length === 0 && !flags.json) return note(context, "No such acts.");
  reply(context, flags, { records }, (style) => auditTable(records, style));
}

async function exportAll(flags: ExportFlags, context: Context): Promise<void> {
  const { format, since } = flags;
  if (format === "csv") context.out.write(`${CSV_HEAD}\r\n`);
  for await (const record of connect(flags, context).audit(filterOf({ since }))) {
    context.out.write(format === "csv" ? `${auditCsv(record)}\r\n` : `${JSON.stringify(record)}\n`);
  }
}

function filterOf(given: { [K in keyof AuditFilter]: AuditFilter[K] | undefined }): AuditFilter {
  const { actor, action, subject, since } = given;
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { since }),
  };
}
