import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Command } from "commander";
import { CliError } from "../../cli-error.ts";
import { resolveConnection, type Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { openTunnel } from "../../tunnel/open.ts";
import { talk } from "../../tunnel/talk.ts";
import { connect, note, type GlobalFlags } from "../common.ts";

interface VncFlags extends GlobalFlags {
  open: boolean;
}

export function addVnc(group: Command, context: Context): void {
  group
    .command("vnc <id>")
    .summary("a VM's screen, on a port of this machine")
    .description(
      "Listens on a port of this machine alone and carries what connects there to a VM's Screen Sharing, through the control plane, until Ctrl-C. On a Mac the viewer is opened.",
    )
    .option("--no-open", "only print the URL")
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<VncFlags>();
      const connection = resolveConnection(flags, context.env);
      await connect(flags, context).getVm(id);
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        serve(socket, connection, id).catch((error: unknown) => {
          if (!(error instanceof CliError)) throw error;
          note(context, error.message);
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      // A TCP server's address is one.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const url = `vnc://127.0.0.1:${(server.address() as AddressInfo).port}`;
      context.out.write(`${url}\n`);
      if (flags.open && process.platform === "darwin") spawn("open", [url], { stdio: "ignore" });
      await once(server, "close");
    });
}

async function serve(socket: Socket, connection: Connection, vmId: string): Promise<void> {
  // A viewer that goes away has ended its side.
  socket.on("error", () => socket.destroy());
  try {
    const end = await openTunnel(connection, { vmId, kind: "vnc" });
    socket.once("close", end.close);
    await talk(end, { input: socket, output: socket });
    socket.end();
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
