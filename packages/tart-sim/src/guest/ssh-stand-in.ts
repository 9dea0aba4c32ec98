import { readFile } from "node:fs/promises";
import { once } from "node:events";
import ssh2, {
  type AuthContext,
  type Connection,
  type PublicKeyAuthContext,
  type ServerChannel,
  type Session,
} from "ssh2";
import type { GuestCommand, GuestExit, GuestSpec } from "./engine.ts";
import { homePath, hostPathOf } from "./layout.ts";

export interface SshStandIn {
  port: number;
  /** Resolves when the guest is off; the server and its connections go with it. */
  over: Promise<void>;
  /** Runs a line in the admin's login shell, or the shell itself. */
  run: (line: string | undefined, streams: Omit<GuestCommand, "argv">) => Promise<GuestExit>;
}

/**
 * An sshd for guests on machines without one: admin with the password admin or a key of
 * ~/.ssh/authorized_keys may run commands. No SFTP, no forwarding, and a pty is promised only.
 */
export async function startSshStandIn(spec: GuestSpec, { port, over, run }: SshStandIn): Promise<void> {
  const hostKey = await readFile(hostPathOf(spec.diskDir, "/etc/ssh/ssh_host_ecdsa_key"));
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey], ident: "OpenSSH_9.9" }, (client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
    client.on("error", () => {});
    client.on("authentication", (context) => {
      authenticate(context, spec).catch(() => context.reject(["publickey", "password"]));
    });
    client.on("session", (accept) => serve(accept(), run));
  });
  server.listen(port, spec.ip);
  await once(server, "listening");
  void over.then(() => {
    server.close();
    for (const client of clients) client.end();
  });
}

async function authenticate(context: AuthContext, spec: GuestSpec): Promise<void> {
  const allowed =
    context.username === "admin" &&
    ((context.method === "password" && context.password === "admin") ||
      (context.method === "publickey" && (await isAuthorized(context, spec))));
  if (allowed) context.accept();
  else context.reject(["publickey", "password"]);
}

async function isAuthorized({ key, blob, signature, hashAlgo }: PublicKeyAuthContext, spec: GuestSpec) {
  const file = hostPathOf(spec.diskDir, `${homePath(spec.os)}/.ssh/authorized_keys`);
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  return lines.some((line) => {
    const known = ssh2.utils.parseKey(line);
    if (known instanceof Error || !known.getPublicSSH().equals(key.data)) return false;
    // Without a signature the client only asks whether it is worth signing.
    return signature === undefined || blob === undefined || known.verify(blob, signature, hashAlgo);
  });
}

function serve(session: Session, run: SshStandIn["run"]): void {
  session.on("pty", (accept) => accept());
  session.on("env", (accept) => accept?.());
  const start = (channel: ServerChannel, line: string | undefined): void => {
    channel.on("error", () => {});
    const streams = { stdin: channel, stdout: channel, stderr: channel.stderr };
    // As with sshd, a command without a pty outlives its connection: nothing aborts it.
    run(line, { ...streams, signal: new AbortController().signal })
      .then((exit) => finish(channel, exit))
      .catch(() => channel.close());
  };
  session.on("exec", (accept, _reject, info) => start(accept(), info.command));
  session.on("shell", (accept) => start(accept(), undefined));
}

/** `exit` must come before the end of the channel, else clients see 255. */
function finish(channel: ServerChannel, exit: GuestExit): void {
  if (exit.kind === "exited") channel.exit(exit.code);
  if (exit.kind === "signaled") channel.exit("KILL");
  if (exit.kind === "not_found") channel.exit(127);
  channel.end();
}
