import type { Command } from "commander";
import type { Context } from "../context.ts";
import { explanationText } from "../output/explanation.ts";
import { vmDetails } from "../output/vms.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";
import { addCreate } from "./vm/create.ts";
import { addDelete } from "./vm/delete.ts";
import { addEvents } from "./vm/events.ts";
import { addExec } from "./vm/exec.ts";
import { addHold } from "./vm/hold.ts";
import { addList } from "./vm/list.ts";
import { addLogs } from "./vm/logs.ts";
import { addSsh } from "./vm/ssh.ts";
import { addTunnel } from "./vm/tunnel.ts";
import { addVnc } from "./vm/vnc.ts";
import { addWait } from "./vm/wait.ts";

export function addVmCommands(program: Command, context: Context): void {
  const group = program.command("vm").description("VMs: ask for one, watch it, end it");
  addCreate(group, context);
  group
    .command("get <id>")
    .summary("everything about one VM")
    .description("Shows everything about one VM.")
    .addOption(watchOption())
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["vms"], async (client) => {
        const vm = await client.getVm(id);
        return { document: vm, text: (style) => vmDetails(vm, style) };
      });
    });
  group
    .command("explain <id>")
    .summary("why a VM waits and until when, or what it is doing")
    .description(
      "Says why a VM is not running yet: its place in the queue, what every host says, what would let it start and when that is; of one that runs, how long its phase usually takes.",
    )
    .addOption(watchOption())
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["queue", "vms"], async (client) => {
        const explanation = await client.explainVm(id);
        return { document: explanation, text: (style) => explanationText(explanation, style) };
      });
    });
  addList(group, context);
  addWait(group, context);
  addDelete(group, context);
  addEvents(group, context);
  addHold(group, context);
  addLogs(group, context);
  addExec(group, context);
  addSsh(group, context);
  addVnc(group, context);
  addTunnel(group, context);
}
