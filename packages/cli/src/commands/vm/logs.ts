import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { isTerminal, type VmEvent, type VmRecord } from "@tartfleet/shared";
import type { Command } from "commander";
import type { Client } from "../../api/client.ts";
import { CliError } from "../../cli-error.ts";
import type { Context } from "../../context.ts";
import { manyLines } from "../../output/text.ts";
import { standing } from "../../output/vm-words.ts";
import { openTunnel } from "../../tunnel/open.ts";
import { talk } from "../../tunnel/talk.ts";
import {
  connect,
  note,
  reconnectOption,
  waitingOf,
  type GlobalFlags,
  type PatienceFlags,
} from "../common.ts";

interface LogsFlags extends GlobalFlags, PatienceFlags {
  follow?: true;
}

/** From here on there is something that prints, or has printed. */
const NOTHING_YET: ReadonlySet<VmRecord["state"]> = new Set(["queued", "assigned", "pulling", "cloning"]);

export function addLogs(group: Command, context: Context): void {
  group
    .command("logs <id>")
    .summary("what a VM's runner and its tart print, and live with -f")
    .description(
      "Shows what a VM's runner or script printed (stdout) and what `tart run` said on its host (stderr): the last 64 KiB of each. With --follow also what comes, from its boot to its end. Of a VM that has ended: what was kept of it.",
    )
    .option("-f, --follow", "wait for it to boot, and go on until its end")
    .addOption(reconnectOption())
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<LogsFlags>();
      const client = connect(flags, context, waitingOf(context, flags));
      let vm = await client.getVm(id);
      if (flags.follow && NOTHING_YET.has(vm.state)) vm = await whenBooting(client, id);
      if (NOTHING_YET.has(vm.state))
        return note(context, `${standing(vm, context.now())}: nothing has printed yet.`);
      if (vm.state !== "stopping" && !isTerminal(vm.state)) {
        const isOver = await live(client, id, flags, context);
        if (!isOver) return undefined;
        const ended = await client.waitForVm(id, "ended");
        return note(context, standing(ended, context.now()));
      }
      const ended = await client.waitForVm(id, "ended");
      showKept(ended, await client.vmEvents(id, 0), flags, context);
      return note(context, standing(ended, context.now()));
    });
}

/** @returns whether it was shown until the VM's end */
async function live(
  { connection }: Client,
  id: string,
  flags: LogsFlags,
  context: Context,
): Promise<boolean> {
  const end = await openTunnel(connection, {
    vmId: id,
    kind: "logs",
    ...(flags.follow ? { follow: true } : {}),
  });
  try {
    await talk(end, { output: runnerSink(flags, context), errorOutput: tartSink(flags, context) });
    return false;
  } catch (error) {
    if (flags.follow && error instanceof CliError && error.facts.code === "vm_ended") return true;
    throw error;
  }
}

async function whenBooting(client: Client, id: string): Promise<VmRecord> {
  for await (const { state } of client.followVmEvents(id, { after: 0 })) {
    if (!NOTHING_YET.has(state)) break;
  }
  return client.getVm(id);
}

/** What the control plane kept: the end of the run's log, and a script's output. */
function showKept(vm: VmRecord, events: readonly VmEvent[], flags: LogsFlags, context: Context): void {
  const logs = events.flatMap(({ data }) => (typeof data["log"] === "string" ? [data["log"]] : []));
  for (const log of logs) tartSink(flags, context).write(log.endsWith("\n") ? log : `${log}\n`);
  const output = vm.scriptResult?.output ?? "";
  if (output !== "") runnerSink(flags, context).write(output);
  if (logs.length === 0 && output === "") note(context, "Nothing was kept of what it printed.");
}

const runnerSink = (flags: LogsFlags, { stdout, out }: Context) =>
  sink(stdout, flags, { from: "runner", isTerminal: out.style().terminal });
const tartSink = (flags: LogsFlags, { stdout, stderr, err }: Context) =>
  sink(flags.json ? stdout : stderr, flags, { from: "tart", isTerminal: err.style().terminal });

interface Origin {
  from: "runner" | "tart";
  /** There what was printed is shown and not obeyed. */
  isTerminal: boolean;
}

function sink(stream: Writable, { json }: LogsFlags, { from, isTerminal: shows }: Origin): Writable {
  if (!json && !shows) return stream;
  const decoder = new StringDecoder("utf8");
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = decoder.write(chunk);
      const line = json ? `${JSON.stringify({ from, text })}\n` : manyLines(text);
      if (stream.write(line)) done();
      else stream.once("drain", () => done());
    },
  });
}
