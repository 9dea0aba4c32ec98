import type { Socket } from "node:net";

/** All that the other side says until it has said all. This side may still speak then, as `for await` would not let it. */
export function allOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.once("end", () => resolve(text)).once("close", () => resolve(text));
  });
}
