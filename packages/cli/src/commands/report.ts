import { slotReportCsv } from "@tartfleet/shared";
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { reportTable } from "../output/report.ts";
import { collect, connect, note, reply, type GlobalFlags } from "./common.ts";

interface ReportFlags extends GlobalFlags {
  from?: string;
  to?: string;
  by?: string[];
  team?: string;
  csv?: true;
}

export function addReportCommand(program: Command, context: Context): void {
  program
    .command("report")
    .summary("what slots' time was spent on, and by whom")
    .description(
      "Shows slot-minutes by team, image, label, host or day, split by what the slots were used for. The time that VMs waited in the queue costs no slot, and is not part of them.",
    )
    .option("--from <day>", "first day, in UTC, like 2026-03-01 (default: 29 days before the last)")
    .option("--to <day>", "last day (default: today)")
    .option(
      "--by <what>",
      "team, image, day, host or label:KEY; may be given several times (default: team)",
      collect,
    )
    .option("--team <team>", "that team's alone")
    .option("--csv", "as CSV, without the sum, instead of a table")
    .action(async (_flags, command: Command) => {
      const { from, to, by, team, csv, ...flags } = command.optsWithGlobals<ReportFlags>();
      const report = await connect(flags, context).slotReport({ from, to, by: by?.join(","), team });
      if (csv) context.out.write(slotReportCsv(report));
      else if (report.lines.length === 0 && !flags.json)
        note(context, `No slot was used from ${report.from} to ${report.to}.`);
      else reply(context, flags, report, (style) => reportTable(report, style));
    });
}
