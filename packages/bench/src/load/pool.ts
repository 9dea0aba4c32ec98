import type { Connection } from "./connection.ts";

/** At most so many connections; who finds none free waits for one, first come first served. */
export function makePool(most: number, open: () => Connection) {
  const free: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  let count = 0;

  async function take(): Promise<Connection> {
    // The one used last: the others may become old and be closed.
    for (let idle = free.pop(); idle; idle = free.pop()) {
      if (idle.isUsable()) return idle;
      idle.close();
      count -= 1;
    }
    if (count < most) {
      count += 1;
      return open();
    }
    const { promise, resolve } = Promise.withResolvers<Connection>();
    waiting.push(resolve);
    return promise;
  }

  return {
    async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
      const connection = await take();
      try {
        return await work(connection);
      } finally {
        const next = waiting.shift();
        if (next) next(connection.isUsable() ? connection : open());
        else free.push(connection);
      }
    },
    close(): void {
      for (const connection of free) connection.close();
    },
  };
}
