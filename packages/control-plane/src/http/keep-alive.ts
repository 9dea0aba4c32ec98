import type { WebSocket } from "ws";
import type { Clock } from "../engine/clock.ts";
import { makeExpiry } from "../engine/expiry.ts";
import type { Limits } from "./limits.ts";

/**
 * Asks peers of which nothing is heard whether they are there, in the words of tRPC's clients, and ends those that do
 * not answer. tRPC's own way has two timers a socket; this has two for all of them.
 */
export function keepAlive(
  clock: Clock,
  { socketPingMs, socketPongMs }: Pick<Limits, "socketPingMs" | "socketPongMs">,
): { watch(socket: WebSocket): void; stop(): void } {
  const asked = makeExpiry<WebSocket>(clock, socketPongMs, (socket) => socket.terminate());
  const heard = makeExpiry<WebSocket>(clock, socketPingMs, (socket) => {
    socket.send("PING");
    asked.touch(socket);
  });
  return {
    watch(socket) {
      const hear = () => {
        asked.drop(socket);
        heard.touch(socket);
      };
      hear();
      socket.on("message", hear);
      socket.once("close", () => {
        asked.drop(socket);
        heard.drop(socket);
      });
    },
    stop() {
      asked.stop();
      heard.stop();
    },
  };
}
