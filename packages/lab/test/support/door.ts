import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";

/** What becomes of what is sent through a door. */
export interface Passage {
  /** From who connected to the control plane. */
  there: boolean;
  /** And from there to who connected. */
  back: boolean;
}

/** A TCP proxy in front of a control plane that can be cut as a network can. */
export interface Door extends AsyncDisposable {
  /** Names the control plane's address, which may be known only later, and answers with the door's. */
  to(url: string): string;
  readonly url: string;
  /**
   * Passes on what goes in a direction, or keeps it without a word, as a network that drops packets: nothing is
   * closed, new connections stay silent, and what was sent meanwhile arrives after all when the door opens again.
   */
  set(passage: Passage): void;
  /** Resets every connection at once and refuses new ones until `set` is called. */
  reset(): void;
}

export const OPEN: Passage = { there: true, back: true };
export const SHUT: Passage = { there: false, back: false };

export async function makeDoor(): Promise<Door> {
  let target: URL | undefined;
  let passage: Passage | undefined = OPEN;
  const pairs = new Set<{ from: Socket; onward: Socket }>();

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (from) => {
    if (!passage || !target) return void from.resetAndDestroy();
    const onward = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    const pair = { from, onward };
    pairs.add(pair);
    carry(from, onward);
    carry(onward, from);
    for (const socket of [from, onward]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        from.destroy();
        onward.destroy();
      });
    }
    turn(pair);
  });

  /** A socket that is not read tells nothing, not even that its peer has gone. */
  function turn({ from, onward }: { from: Socket; onward: Socket }): void {
    if (passage?.there) from.resume();
    else from.pause();
    if (passage?.back) onward.resume();
    else onward.pause();
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  const url = `http://127.0.0.1:${address.port}`;
  const reset = (): void => {
    passage = undefined;
    for (const { from, onward } of pairs) {
      from.resetAndDestroy();
      onward.resetAndDestroy();
    }
  };
  return {
    url,
    to(next) {
      target = new URL(next);
      return url;
    },
    set(next) {
      passage = next;
      for (const pair of pairs) turn(pair);
    },
    reset,
    async [Symbol.asyncDispose]() {
      reset();
      server.close();
      await once(server, "close");
    },
  };
}

function carry(from: Socket, to: Socket): void {
  from.on("data", (chunk) => to.write(chunk));
  from.on("end", () => to.end());
}
