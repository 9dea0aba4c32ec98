import { connect, type Socket } from "node:net";
import { write } from "@tartfleet/tunnel";
import { guestIp } from "./guest-ip.ts";
import type { Served, TunnelParts } from "./serve.ts";

const CONNECT_MS = 10_000;

/** A TCP connection to a port of the guest. Each direction ends by itself. */
export async function servePort(served: Served, { tart }: TunnelParts, port: number): Promise<void> {
  const { end, name, signal, frames } = served;
  const ip = await guestIp(tart, name, signal);
  if (!ip.ok) return end.send({ kind: "failed", failure: ip.failure });
  const socket = connect({ host: ip.value, port, allowHalfOpen: true, noDelay: true });
  const broken = brokenness(socket);
  const cutOff = () => socket.destroy();
  signal.addEventListener("abort", cutOff, { once: true });
  if (signal.aborted) cutOff();
  const refused = await connected(socket);
  if (refused) {
    const message = refusalOf(refused, ip.value, port);
    return end.send({ kind: "failed", failure: { code: "guest_unreachable", message } });
  }
  await end.send({ kind: "opened" });
  const input = takeInput(frames, socket);
  await end.carry("output", socket);
  const error = broken();
  await end.send(
    error
      ? {
          kind: "failed",
          failure: { code: "outcome_unknown", message: `The guest broke the connection: ${error.message}` },
        }
      : { kind: "output_end" },
  );
  await input;
  socket.destroy();
}

async function takeInput(frames: Served["frames"], socket: Socket): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === "input") await write(socket, frame.bytes);
    else if (frame.kind === "input_end") socket.end();
  }
}

/** What went wrong with the socket, so far. */
function brokenness(socket: Socket): () => Error | undefined {
  let broken: Error | undefined;
  socket.on("error", (error) => {
    broken ??= error;
  });
  return () => broken;
}

function connected(socket: Socket): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })),
      CONNECT_MS,
    );
    const settle = (error?: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(error);
    };
    socket.once("connect", () => settle());
    socket.once("error", settle);
    socket.once("close", () => settle(new Error("it was cut off")));
  });
}

function refusalOf({ code, message }: NodeJS.ErrnoException, ip: string, port: number): string {
  if (code === "ECONNREFUSED") return `Nothing listens on port ${port} of the guest at ${ip}. ${ADVICE}`;
  if (code === "EHOSTUNREACH") {
    return `There is no route to the guest at ${ip}. From macOS 15 on the agent needs the Local Network permission.`;
  }
  return `The guest at ${ip} does not answer on port ${port} (${message}). ${ADVICE}`;
}

const ADVICE = "Does its image turn that on (Remote Login for ssh, Screen Sharing for vnc)?";
