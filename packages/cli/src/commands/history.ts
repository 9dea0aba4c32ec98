import { HISTORY_SERIES, historyStepSchema, keysOf, type HistoryQuery } from "@tartfleet/shared";
import { Argument, Option, type Command } from "commander";
import type { Context } from "../context.ts";
import { historyTable } from "../output/history.ts";
import { connect, note, reply, TIME_FORM, timeOf, type GlobalFlags } from "./common.ts";

type HistoryFlags = GlobalFlags & Omit<HistoryQuery, "series">;

export function addHistoryCommand(program: Command, context: Context): void {
  const time = (text: string) => timeOf(text, context.now());
  program
    .command("history")
    .summary("how the fleet was over time")
    .description(
      "Shows how the fleet was over time, from what the control plane keeps of its past: a line for each team, phase, state, reason or error.",
    )
    .addArgument(new Argument("<series>", "what of it").choices(keysOf(HISTORY_SERIES)))
    .addOption(new Option("--by <what>", "wait by team, boot by image").choices(["team", "image"]))
    .option("--team <team>", "with --by team: that team alone")
    .option("--from <time>", `since when (default: a day before the end): ${TIME_FORM}`, time)
    .option("--to <time>", "until when (default: now)", time)
    .addOption(
      new Option("--step <step>", "how far apart points are (default: as fits)").choices(
        historyStepSchema.options,
      ),
    )
    .action(async (series: HistoryQuery["series"], _flags, command: Command) => {
      const { by, team, from, to, step, ...flags } = command.optsWithGlobals<HistoryFlags>();
      const answer = await connect(flags, context).history({ series, by, team, from, to, step });
      if (answer.lines.length === 0 && !flags.json)
        return note(context, "Nothing was observed in that time.");
      reply(context, flags, answer, (style) => historyTable(answer, style));
    });
}
