/**
 * The guest agent of guests that have namespaces: runs the commands that come over its socket, one a
 * connection, in the frames of the control socket. A connection that ends takes its command with it.
 */
import { closeSync, readFileSync, writeSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { PassThrough, Writable } from "node:stream";
import {
  decodeRequest,
  encodeFrame,
  encodeJson,
  makeFrameReader,
  type FrameKind,
} from "../control/framing.ts";
import type { CommandSurroundings } from "./run-command.ts";
import { keepCompiled } from "./leave-cache.ts";
import { runCommand } from "./run-command.ts";

const surroundings: CommandSurroundings = JSON.parse(readFileSync("/.sim/run/agent.json", "utf8"));

const server = createServer({ allowHalfOpen: false }, serve);
server.listen("/.sim/run/agent.sock", () => {
  writeSync(4, "up\n");
  closeSync(4);
  keepCompiled();
});

function serve(socket: Socket): void {
  const gone = new AbortController();
  const stdin = new PassThrough();
  const read = makeFrameReader();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => gone.abort());
  socket.on("data", (chunk: Buffer) => {
    for (const { kind, payload } of read(chunk)) {
      if (kind === "request") void answer(socket, payload, stdin, gone.signal);
      if (kind === "stdinEnd") stdin.end();
      if (kind === "stdin" && !stdin.write(payload)) {
        socket.pause();
        stdin.once("drain", () => socket.resume());
      }
    }
  });
}

async function answer(
  socket: Socket,
  payload: Buffer,
  stdin: PassThrough,
  signal: AbortSignal,
): Promise<void> {
  const request = decodeRequest(payload);
  if (request?.call !== "exec") return void socket.destroy();
  const [name = "", ...rest] = request.argv;
  const exit = await runCommand(
    {
      argv: [name, ...rest],
      stdin: request.stdin ? stdin : null,
      stdout: frames(socket, "stdout"),
      stderr: frames(socket, "stderr"),
      signal,
    },
    surroundings,
  );
  socket.end(encodeJson("answer", exit));
}

const frames = (socket: Socket, kind: FrameKind): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.destroyed) done();
      else socket.write(encodeFrame(kind, chunk), () => done());
    },
  });
