import type { Secret } from "@tartfleet/shared";
import type { Client, ClientChannel, ConnectConfig } from "ssh2";
import { failed, ok, type Result } from "../tart/result.ts";
import type { Guest, GuestFailure, GuestOutput, GuestRunOptions } from "./guest.ts";
import { quote } from "./shell.ts";

const CONNECT_MS = 10_000;
const OUTPUT_LIMIT = 8 * 1024 * 1024;

/** How to log in to guests by ssh. The defaults of the published images are admin/admin on port 22. */
export interface SshLogin {
  username: string;
  password?: Secret | undefined;
  /** In OpenSSH's or PEM form. */
  privateKey?: Secret | undefined;
  port: number;
}

/** A guest reached by ssh, with a connection for each command. */
export function makeSshGuest(host: string, login: SshLogin): Guest {
  return { via: "ssh", run: (script, options) => runBySsh(host, login, script, options) };
}

/** Few hosts reach their guests by ssh; the others' agents go without it. */
export async function makeClient(): Promise<Client> {
  const { Client: SshClient } = await import("ssh2");
  return new SshClient();
}

async function runBySsh(
  host: string,
  login: SshLogin,
  script: string,
  options: GuestRunOptions,
): Promise<Result<GuestOutput, GuestFailure>> {
  const deadline = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const cutOff = AbortSignal.any([options.signal, deadline]);
  if (cutOff.aborted) return failed(cut(options.signal));
  const client = await makeClient();
  return await new Promise((resolve) => {
    const settle = (result: Result<GuestOutput, GuestFailure>) => {
      cutOff.removeEventListener("abort", onCutOff);
      client.end();
      client.destroy();
      resolve(result);
    };
    const onCutOff = () => settle(failed(cut(options.signal)));
    cutOff.addEventListener("abort", onCutOff, { once: true });

    let sent = false;
    client.on("error", (error) => settle(failed(sent ? unknown(error.message) : refusal(error, host))));
    client.on("close", () => settle(failed(sent ? unknown("the connection closed") : closed(host))));
    client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) => {
      answer(prompts.map(() => login.password?.reveal() ?? ""));
    });
    client.on("ready", () => {
      sent = true;
      client.exec(`/bin/bash -c ${quote(script)}`, (error, channel) => {
        if (error) settle(failed(unknown(error.message)));
        else collect(channel, options.stdin, settle);
      });
    });
    client.connect(connectConfig(host, login));
  });
}

/** How guests are connected to. */
export function connectConfig(host: string, login: SshLogin): ConnectConfig {
  return {
    host,
    port: login.port,
    username: login.username,
    ...(login.password === undefined ? {} : { password: login.password.reveal(), tryKeyboard: true }),
    ...(login.privateKey === undefined ? {} : { privateKey: login.privateKey.reveal() }),
    readyTimeout: CONNECT_MS,
    keepaliveInterval: 10_000,
    keepaliveCountMax: 3,
    // The clones of an image share its host key, which therefore proves nothing.
    hostVerifier: () => true,
  };
}

function collect(
  channel: ClientChannel,
  stdin: string | Buffer | undefined,
  settle: (result: Result<GuestOutput, GuestFailure>) => void,
): void {
  const text = { stdout: "", stderr: "" };
  const add = (stream: "stdout" | "stderr") => (chunk: string) => {
    text[stream] = (text[stream] + chunk).slice(-OUTPUT_LIMIT);
  };
  channel.setEncoding("utf8").on("data", add("stdout"));
  channel.stderr.setEncoding("utf8").on("data", add("stderr"));
  let exitCode: number | undefined;
  channel.on("exit", (code: number | null) => {
    // A signal ends a command without a code; `tart exec` calls that 255 too.
    exitCode = code ?? 255;
  });
  channel.on("close", () => {
    settle(
      exitCode === undefined
        ? failed(unknown("the guest did not say how the command ended"))
        : ok({ exitCode, ...text }),
    );
  });
  // A command that ends without reading its input closes the pipe; its exit code is what counts.
  channel.on("error", () => {});
  channel.end(stdin);
}

/** Why a connection did not come to be. */
export function refusal(error: Error & { level?: string; code?: string }, host: string): GuestFailure {
  if (error.level === "client-authentication") {
    return failure(
      "refused",
      `The guest at ${host} refuses the login. Check the agent's ssh user and password.`,
    );
  }
  if (error.code === "EHOSTUNREACH") {
    return failure(
      "unreachable",
      `There is no route to the guest at ${host}. From macOS 15 on the agent needs the Local Network permission.`,
    );
  }
  return failure("unreachable", `The guest at ${host} does not answer by ssh (${error.message}).`);
}

function closed(host: string): GuestFailure {
  return failure("unreachable", `The guest at ${host} closed the ssh connection.`);
}

function unknown(reason: string): GuestFailure {
  return failure("outcome_unknown", `The ssh connection to the guest broke during a command: ${reason}.`);
}

function cut(cancelled: AbortSignal): GuestFailure {
  return cancelled.aborted
    ? failure("cancelled", "It was no longer wanted.")
    : failure("timed_out", "The guest did not finish the command in time.");
}

function failure(failureClass: GuestFailure["class"], message: string): GuestFailure {
  return { class: failureClass, via: "ssh", message, output: "" };
}
