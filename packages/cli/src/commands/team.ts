import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "../context.ts";
import { teamTable } from "../output/teams.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

interface ShareFlags extends GlobalFlags {
  guaranteed?: number;
  cap?: number | "none";
  weight?: number;
}

function slots(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number of slots.");
}

const slotsOrNone = (text: string) => (text === "none" ? text : slots(text));

function weightOf(text: string): number {
  const weight = Number(text);
  if (weight > 0) return weight;
  throw new InvalidArgumentError("It must be a number above 0, like 2 or 0.5.");
}

export function addTeamCommands(program: Command, context: Context): void {
  const group = program.command("team").description("teams: what each may have of the fleet's slots");
  group
    .command("list")
    .description("Lists teams with their shares, the slots that they hold and how many of their VMs wait.")
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["teams", "queue"], async (client) => {
        const teams = await client.listTeams();
        return {
          document: { teams },
          text: (style) => teamTable(teams, style),
        };
      });
    });
  group
    .command("set <name>")
    .summary("set a team's share")
    .description(
      "Sets what a team may have of the slots; what is not given stays as it is. Holds at once for what is placed from now on; ends nothing that has started.",
    )
    .option("--guaranteed <slots>", "slots that are the team's before anybody borrows", slots)
    .option("--cap <slots>", "slots that it may hold at most; `none` for no bound", slotsOrNone)
    .option("--weight <number>", "how it shares what nobody is guaranteed with the others", weightOf)
    .action(async (name: string, _flags, command: Command) => {
      const { guaranteed, cap, weight, ...flags } = command.optsWithGlobals<ShareFlags>();
      const client = connect(flags, context);
      const before = await client.getTeam(name);
      const team = await client.setTeam(name, {
        guaranteed: guaranteed ?? before.guaranteed,
        cap: cap === "none" ? null : (cap ?? before.cap),
        weight: weight ?? before.weight,
      });
      reply(context, flags, team, (style) => teamTable([team], style));
    });
  group
    .command("remove <name>")
    .summary("take a team's share away")
    .description("Takes a team's share away: what holds for any team holds for it. Its VMs stay as they are.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).removeTeam(name);
      reply(context, flags, { name, removed: true }, () => `Team ${name} has the share of any team now`);
    });
}
