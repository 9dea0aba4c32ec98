import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Connection } from "ssh2";

export interface SshServer extends AsyncDisposable {
  port: number;
  /** The command lines that were run. */
  commands: string[];
  connections: Set<Connection>;
  /** Terminals that were asked for, and their later sizes. */
  terminals: { term?: string; columns: number; rows: number }[];
  /** What becomes of a command: run it, hang, or lose the connection once it runs. */
  behaviour: "run" | "hang" | "drop";
  asks: "password" | "keyboard-interactive";
  /** Environment of the commands. */
  env: NodeJS.ProcessEnv;
}

/** An sshd for admin/admin that runs commands by a real shell. */
export async function makeSshServer(authorizedKey?: string): Promise<SshServer> {
  const hostKey = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).private;
  const allowed = authorizedKey === undefined ? undefined : ssh2.utils.parseKey(authorizedKey);
  const connections = new Set<Connection>();
  const sshd: SshServer = {
    port: 0,
    commands: [],
    connections,
    terminals: [],
    behaviour: "run",
    asks: "password",
    env: process.env,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.end();
      server.close();
      await once(server, "close");
    },
  };
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection)).on("error", () => {});
    connection.on("authentication", (context) => {
      if (context.username !== "admin") return context.reject();
      if (context.method === "password" && sshd.asks === "password" && context.password === "admin") {
        return context.accept();
      }
      if (context.method === "keyboard-interactive" && sshd.asks === "keyboard-interactive") {
        return context.prompt([{ prompt: "Password:", echo: false }], ([answer]) => {
          if (answer === "admin") context.accept();
          else context.reject();
        });
      }
      if (context.method === "publickey" && allowed && !(allowed instanceof Error)) {
        const same = allowed.getPublicSSH().equals(context.key.data);
        if (
          same &&
          (!context.signature || allowed.verify(context.blob ?? Buffer.alloc(0), context.signature))
        ) {
          return context.accept();
        }
      }
      return context.reject([sshd.asks]);
    });
    connection.on("ready", () => {
      connection.on("session", (acceptSession) => {
        const session = acceptSession();
        session.on("pty", (accept, _reject, info) => {
          // ssh2's types leave out what it tells.
          const { term } = info as typeof info & { term: string };
          sshd.terminals.push({ term, columns: info.cols, rows: info.rows });
          accept();
        });
        session.on("window-change", (accept, _reject, { cols, rows }) => {
          sshd.terminals.push({ columns: cols, rows });
          accept?.();
        });
        session.on("exec", (acceptExec, _reject, { command }) => {
          sshd.commands.push(command);
          const channel = acceptExec();
          if (sshd.behaviour === "hang") return;
          const child = spawn("/bin/sh", ["-c", command], { env: sshd.env, stdio: ["pipe", "pipe", "pipe"] });
          channel.pipe(child.stdin);
          child.stdin.on("error", () => {});
          child.stdout.pipe(channel, { end: false });
          child.stderr.pipe(channel.stderr, { end: false });
          child.on("close", (code) => {
            if (sshd.behaviour === "drop") return connection.end();
            if (code === null) channel.exit("KILL");
            else channel.exit(code);
            return channel.end();
          });
        });
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  sshd.port = (server.address() as AddressInfo).port;
  return sshd;
}
