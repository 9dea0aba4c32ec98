import type { Socket } from "node:net";
import type { ParsedCommand } from "../cli/spec.ts";
import { runtimeFailure, swiftFailure, type TartFailure, vmNotRunning } from "../cli/failure.ts";
import { dialAgent } from "../control/client.ts";
import { type Answer, decodeAnswer, encodeFrame, encodeJson, makeFrameReader } from "../control/framing.ts";
import { isPlainPath } from "../control/short-path.ts";
import { dieBySignal } from "../host/die.ts";
import type { Sim } from "../sim.ts";
import { openLocalVm } from "../storage/home.ts";
import { type VmDir, vmState } from "../storage/vm-dir.ts";

/** How long the original redials before it gives up, and how often (tart-contract §7). */
const CONNECT_MS = 10_000;
const REDIAL_MS = 1000;

const unreachable = (): TartFailure =>
  runtimeFailure(
    "Failed to connect to the VM using its control socket: The operation couldn’t be completed. (GRPC.GRPCConnectionPoolError error 1.), is the Tart Guest Agent running?",
  );

/** `tart exec` (tart-contract §7). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  if (Number.parseInt(sim.host.osVersion, 10) < 14)
    throw runtimeFailure('"tart exec" is only available on macOS 14 (Sonoma) or newer');
  const dir = openLocalVm(sim.home, command.arg("name"));
  if (vmState(dir, sim.now()) !== "running") throw vmNotRunning(dir.name);
  const broken = sim.faults.get("exec-grpc-error");
  if (broken !== undefined) {
    await sim.sleep(broken.ms ?? CONNECT_MS);
    throw unreachable();
  }
  if (command.flag("tty") && !process.stdout.isTTY)
    await dieBySignal(
      "SIGTRAP",
      "Fatal error: 'try!' expression unexpectedly raised an error: ioctl() failed",
    );
  const socket = await connect(sim, dir);
  const answer = await call(sim, socket, command.args("command"), command.flag("interactive"));
  return exitCode(sim, answer);
}

async function connect(sim: Sim, dir: VmDir): Promise<Socket> {
  if (sim.quirks.has("socketPathMustBePlain") && !isPlainPath(dir.path)) throw unreachable();
  const until = sim.now() + sim.scaled(CONNECT_MS);
  for (;;) {
    const socket = await dialAgent(dir.path, sim.cancelled);
    if (socket !== undefined) return socket;
    if (sim.now() >= until) throw unreachable();
    await sim.sleep(REDIAL_MS);
  }
}

const streamClosed = () =>
  swiftFailure("StreamClosed(streamID: HTTP2StreamID(1), error: HTTP2ErrorCode<0x5 Stream Closed>)");

const garbled: Answer = { kind: "rpc_error", message: "internal error (13): the answer was not understood" };

/** Carries the streams until the command has ended. */
function call(sim: Sim, socket: Socket, argv: readonly string[], interactive: boolean): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const read = makeFrameReader();
    const lossy = outputLoss(sim);
    const cancel = () => {
      socket.destroy();
      reject(swiftFailure("CancellationError()"));
    };
    sim.cancelled.addEventListener("abort", cancel, { once: true });
    socket.on("data", (chunk) => {
      for (const { kind, payload } of read(chunk)) {
        if (kind === "answer") resolve(decodeAnswer(payload) ?? garbled);
        else if (kind === "stdout" || kind === "stderr") {
          const stream = process[kind];
          if (!lossy(payload.length) && !stream.write(payload)) {
            socket.pause();
            stream.once("drain", () => socket.resume());
          }
        }
      }
    });
    socket.once("error", () => reject(streamClosed()));
    socket.once("close", () => reject(streamClosed()));
    socket.write(encodeJson("request", { call: "exec", argv, stdin: interactive }));
    if (interactive) sendStdin(socket);
  });
}

function sendStdin(socket: Socket): void {
  process.stdin.on("data", (chunk: Buffer) => {
    if (socket.destroyed || socket.write(encodeFrame("stdin", chunk))) return;
    process.stdin.pause();
    socket.once("drain", () => process.stdin.resume());
  });
  process.stdin.once("end", () => socket.destroyed || socket.write(encodeFrame("stdinEnd")));
}

/** Bulk output may lose whole blocks (openai/tart#1347); the fault says from which KiB on. */
function outputLoss(sim: Sim): (bytes: number) => boolean {
  const limit = sim.faults.get("exec-output-loss")?.kib;
  let seen = 0;
  return (bytes) => {
    seen += bytes;
    return limit !== undefined && seen > limit * 1024;
  };
}

function exitCode(sim: Sim, answer: Answer): number {
  if (sim.faults.has("exec-transport-error"))
    throw swiftFailure("internal error (13): transport: SendHeader called multiple times");
  switch (answer.kind) {
    case "exited":
      return answer.code & 0xff;
    case "signaled":
      return 255;
    case "not_found":
      throw swiftFailure(`unknown (2): ${answer.message}`);
    case "rpc_error":
      throw swiftFailure(answer.message);
    case "ip":
      throw swiftFailure("internal error (13): unexpected answer");
  }
}
