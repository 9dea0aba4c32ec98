import type { VmEvent } from "@tartfleet/shared";
import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "../../context.ts";
import { eventLine } from "../../output/events.ts";
import { connect, note, waitingOf, reconnectOption, reply } from "../common.ts";
import type { GlobalFlags, PatienceFlags } from "../common.ts";

interface EventsFlags extends GlobalFlags, PatienceFlags {
  follow?: true;
  after: number;
}

export function addEvents(group: Command, context: Context): void {
  group
    .command("events <id>")
    .summary("a VM's history, and live with -f")
    .description(
      "Shows a VM's history: each state, who says so, and what was seen. With --follow also what comes, until the VM has ended; with --json then one JSON line for each event.",
    )
    .option("-f, --follow", "go on with what comes; lives through drops of the connection")
    .option("--after <event id>", "only what came after this event", eventId, 0)
    .addOption(reconnectOption())
    .action((id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<EventsFlags>();
      return flags.follow ? follow(id, flags, context) : history(id, flags, context);
    });
}

async function history(id: string, flags: EventsFlags, context: Context): Promise<void> {
  const events = await connect(flags, context).vmEvents(id, flags.after);
  if (events.length === 0 && !flags.json) return note(context, "No events.");
  const start = events[0]?.at ?? "";
  reply(context, flags, { events }, (style) =>
    events.map((event) => eventLine(event, start, style)).join("\n"),
  );
}

async function follow(id: string, flags: EventsFlags, context: Context): Promise<void> {
  const client = connect(flags, context, waitingOf(context, flags));
  let first: VmEvent | undefined;
  for await (const event of client.followVmEvents(id, { after: flags.after })) {
    first ??= event;
    const line = flags.json ? JSON.stringify(event) : eventLine(event, first.at, context.out.style());
    context.out.write(`${line}\n`);
  }
}

function eventId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be an event's id, a whole number.");
}
