import { createConnection, type Socket } from "node:net";
import { greeting } from "./framing.ts";
import { inDirectory } from "./short-path.ts";

/**
 * Dials the VM's control socket and waits until the guest agent speaks. Undefined when nobody
 * listens there, or the connection is closed because the agent is not up. What follows the agent's
 * greeting is left in the stream.
 */
export function dialAgent(directory: string, signal: AbortSignal): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = inDirectory(directory, () =>
      createConnection({ path: "control.sock", allowHalfOpen: false }),
    );
    const giveUp = () => {
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      resolve(undefined);
    };
    const listen = () => {
      const first: unknown = socket.read(greeting.length);
      if (first === null) return;
      socket.off("readable", listen).off("close", giveUp).off("error", giveUp);
      signal.removeEventListener("abort", giveUp);
      resolve(socket);
    };
    socket.on("readable", listen).once("close", giveUp).once("error", giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
