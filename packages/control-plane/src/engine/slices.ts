/** So many hosts, or what costs as much, are done before others have their turn: a millisecond or two. */
const AT_ONCE = 100;

/** Gives others their turn: what has arrived is answered, what is due is done. */
export const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Does something with each, and lets others have their turn now and then. */
export async function inSlices<T>(all: readonly T[], act: (each: T) => void): Promise<void> {
  for (const [index, each] of all.entries()) {
    if (index > 0 && index % AT_ONCE === 0) await othersTurn();
    act(each);
  }
}
