import { Argument, type Command } from "commander";
import type { Context } from "../../context.ts";
import { holdText } from "../../output/vm-words.ts";
import { connect, duration, reply, type GlobalFlags } from "../common.ts";

interface HoldFlags extends GlobalFlags {
  reason?: string;
}

export function addHold(group: Command, context: Context): void {
  group
    .command("hold <id>")
    .addArgument(new Argument("<duration>", "from now, like 30m").argParser(duration))
    .summary("keep a VM for debugging, whatever ends it")
    .description(
      "Holds a VM: whatever ends it, its instance stays until the time is over, charged to its team. It goes sooner when somebody deletes it, its guest ends, or a VM waits for which nothing else is free. Asked again, the new time counts. `vm create --hold-on-failure 30m` holds a VM that fails.",
    )
    .option("--reason <text>", "why, for others")
    .action(async (id: string, seconds: number, _flags, command: Command) => {
      const flags = command.optsWithGlobals<HoldFlags>();
      const { reason } = flags;
      const vm = await connect(flags, context).holdVm(id, {
        forSeconds: seconds,
        ...(reason === undefined ? {} : { reason }),
      });
      reply(context, flags, vm, () => holdText(vm, context.now()));
    });
  group
    .command("unhold <id>")
    .summary("let a held VM go")
    .description("Ends a VM's hold. One that was there for its hold alone ends.")
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const vm = await connect(flags, context).unholdVm(id);
      reply(context, flags, vm, () => holdText(vm, context.now()));
    });
}
