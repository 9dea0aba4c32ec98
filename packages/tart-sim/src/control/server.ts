import { createServer, type Server, type Socket } from "node:net";
import { PassThrough, Writable } from "node:stream";
import type { RunningGuest } from "../guest/engine.ts";
import {
  decodeRequest,
  encodeFrame,
  encodeJson,
  greeting,
  makeFrameReader,
  type Request,
} from "./framing.ts";
import { inDirectory } from "./short-path.ts";

/** What the server asks of the run it belongs to. */
export interface ControlHost {
  guest: RunningGuest;
  /** Address that the agent would report. */
  ip: string;
  /** Does the guest agent listen just now? */
  agentIsUp(): boolean;
  /** Waits until the run gets round to a new connection. */
  untilAccepted(): Promise<void>;
  /** Does a client that vanished before it was accepted end the socket (openai/tart#1346)? */
  diesOfImpatience: boolean;
  /** Told when the socket stopped working, with the original's words. */
  onFailure(why: string): void;
}

export interface ControlServer {
  /** Stops accepting; calls that run are left alone. */
  fail(why: string): void;
}

/** Serves `control.sock` in the VM's directory. Rejects when the name is taken (EADDRINUSE). */
export function serveControlSocket(directory: string, host: ControlHost): Promise<ControlServer> {
  const server = createServer({ allowHalfOpen: true });
  const control: ControlServer = {
    fail(why) {
      if (!server.listening) return;
      server.close();
      host.onFailure(why);
    },
  };
  server.on("connection", (socket) => {
    socket.on("error", () => socket.destroy());
    void accept(socket, host, control);
  });
  return listen(server, directory).then(() => control);
}

function listen(server: Server, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve());
    inDirectory(directory, () => server.listen("control.sock"));
  });
}

async function accept(socket: Socket, host: ControlHost, control: ControlServer): Promise<void> {
  let gone = false;
  const leave = () => (gone = true);
  socket.once("end", leave).once("close", leave);
  const early: Buffer[] = [];
  const keep = (chunk: Buffer) => early.push(chunk);
  socket.on("data", keep);
  await host.untilAccepted();
  if (gone) {
    socket.destroy();
    if (host.diesOfImpatience) control.fail("NIOFcntlFailedError()");
    return;
  }
  if (!host.agentIsUp()) {
    socket.destroy();
    return;
  }
  socket.off("data", keep);
  socket.write(greeting);
  serveCall(socket, host, early);
}

function serveCall(socket: Socket, host: ControlHost, early: readonly Buffer[]): void {
  const ended = new AbortController();
  const stdin = new PassThrough();
  const read = makeFrameReader();
  socket.once("close", () => ended.abort());
  socket.once("end", () => ended.abort());
  const take = (chunk: Buffer) => {
    for (const { kind, payload } of read(chunk)) {
      if (kind === "request") void answer(socket, host, decodeRequest(payload), stdin, ended.signal);
      else if (kind === "stdinEnd") stdin.end();
      else if (kind === "stdin" && !stdin.write(payload)) {
        socket.pause();
        stdin.once("drain", () => socket.resume());
      }
    }
  };
  for (const chunk of early) take(chunk);
  socket.on("data", take);
}

async function answer(
  socket: Socket,
  { guest, ip }: ControlHost,
  request: Request | undefined,
  stdin: PassThrough,
  signal: AbortSignal,
): Promise<void> {
  if (request === undefined) {
    socket.end(encodeJson("answer", { kind: "rpc_error", message: "unimplemented (12)" }));
    return;
  }
  if (request.call === "ip") {
    socket.end(encodeJson("answer", { kind: "ip", ip }));
    return;
  }
  const [program = "", ...args] = request.argv;
  const exit = await guest
    .exec({
      argv: [program, ...args],
      stdin: request.stdin ? stdin : null,
      stdout: frameWriter(socket, "stdout"),
      stderr: frameWriter(socket, "stderr"),
      signal,
    })
    .catch((error: unknown) => ({
      kind: "rpc_error" as const,
      message: `unknown (2): ${error instanceof Error ? error.message : String(error)}`,
    }));
  socket.end(encodeJson("answer", exit));
}

/** A stream of the guest's command; a slow client slows the command down. */
function frameWriter(socket: Socket, kind: "stdout" | "stderr"): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.destroyed) done();
      else socket.write(encodeFrame(kind, chunk), () => done());
    },
  });
}
