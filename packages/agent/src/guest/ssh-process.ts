import type { TerminalSize, TunnelFailure } from "@tartfleet/shared";
import type { Client, ClientChannel } from "ssh2";
import { failed, ok, type Result } from "../tart/result.ts";
import type { GuestProcess } from "./guest-process.ts";
import { quote } from "./shell.ts";
import { connectConfig, makeClient, refusal, type SshLogin } from "./ssh-guest.ts";

interface SshCommand {
  argv: readonly string[];
  /** Run it on a terminal. */
  terminal?: (TerminalSize & { term: string }) | undefined;
  signal: AbortSignal;
}

/** Runs a command in a guest by ssh, with its streams open, for as long as the signal lets it. */
export async function attachBySsh(
  host: string,
  login: SshLogin,
  { argv, terminal, signal }: SshCommand,
): Promise<Result<GuestProcess, TunnelFailure>> {
  const client = await makeClient();
  const { promise, resolve } = Promise.withResolvers<Result<GuestProcess, TunnelFailure>>();
  const cutOff = () => client.destroy();
  if (signal.aborted) cutOff();
  signal.addEventListener("abort", cutOff, { once: true });
  client.once("close", () => {
    signal.removeEventListener("abort", cutOff);
    resolve(failed(unreachable(`The guest at ${host} closed the ssh connection.`)));
  });
  client.on("error", (error) => {
    const { class: failureClass, message } = refusal(error, host);
    resolve(failed(failureClass === "refused" ? { code: "guest_refused", message } : unreachable(message)));
  });
  client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) => {
    answer(prompts.map(() => login.password?.reveal() ?? ""));
  });
  client.once("ready", () => {
    const pty = terminal && { term: terminal.term, cols: terminal.columns, rows: terminal.rows };
    client.exec(`exec ${argv.map(quote).join(" ")}`, pty ? { pty } : {}, (error, channel) => {
      if (error) resolve(failed({ code: "outcome_unknown", message: error.message }));
      else resolve(ok(processOn(client, channel)));
    });
  });
  client.connect(connectConfig(host, login));
  return promise;
}

function processOn(client: Client, channel: ClientChannel): GuestProcess {
  let exitCode: number | undefined;
  channel.on("exit", (code: number | null) => {
    // A signal ends a command without a code; `tart exec` calls that 255 too.
    exitCode = code ?? 255;
  });
  // A command that ends without reading its input closes the pipe; its exit is what counts.
  channel.on("error", () => {});
  const ended = new Promise<Result<number, TunnelFailure>>((resolve) => {
    channel.once("close", () => {
      client.end();
      const message = "The ssh connection to the guest broke during the command.";
      resolve(exitCode === undefined ? failed({ code: "outcome_unknown", message }) : ok(exitCode));
    });
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
    ended,
  };
}

function unreachable(message: string): TunnelFailure {
  return { code: "guest_unreachable", message };
}
