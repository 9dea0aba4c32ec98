/** The one true time of a simulated world, in milliseconds, and what is still to come in it. */
export interface Timeline {
  now(): number;
  /** Calls at that time, after everything that was asked for earlier. The function returned takes it back. */
  at(time: number, call: () => void): () => void;
  after(milliseconds: number, call: () => void): () => void;
  sleep(milliseconds: number): Promise<void>;
  /** Goes to the next thing to come and calls it; false when nothing comes before the limit. */
  step(limit: number): boolean;
}

interface Coming {
  time: number;
  order: number;
  call: (() => void) | undefined;
}

export function createTimeline(): Timeline {
  let now = 0;
  let order = 0;
  const heap = createHeap();

  function at(time: number, call: () => void): () => void {
    order += 1;
    const coming: Coming = { time: Math.max(now, time), order, call };
    heap.push(coming);
    return () => {
      coming.call = undefined;
    };
  }

  return {
    now: () => now,
    at,
    after: (milliseconds, call) => at(now + milliseconds, call),
    sleep: (milliseconds) => new Promise((resolve) => void at(now + milliseconds, resolve)),
    step(limit) {
      for (;;) {
        const first = heap.first();
        if (!first || first.time > limit) return false;
        heap.pop();
        if (!first.call) continue;
        now = first.time;
        first.call();
        return true;
      }
    },
  };
}

function isBefore(a: Coming, b: Coming): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** A binary heap, soonest first. */
function createHeap() {
  const items: Coming[] = [];
  const swap = (a: number, b: number) => {
    const [first, second] = [items[a], items[b]];
    if (first && second) [items[a], items[b]] = [second, first];
  };
  const before = (a: number, b: number) => {
    const [first, second] = [items[a], items[b]];
    return first !== undefined && second !== undefined && isBefore(first, second);
  };
  return {
    first: (): Coming | undefined => items[0],
    push(item: Coming): void {
      items.push(item);
      for (let at = items.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): void {
      swap(0, items.length - 1);
      items.pop();
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (before(left, least)) least = left;
        if (before(right, least)) least = right;
        if (least === at) return;
        swap(at, least);
        at = least;
      }
    },
  };
}
