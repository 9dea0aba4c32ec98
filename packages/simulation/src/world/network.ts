import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Who sits at an end: `control-plane`, `clients`, a host's agent (`host-1`), its guests (`guests-1`). */
export type Place = string;

/** The paths between places: how slow each is, and until when it is cut. */
export interface Network {
  /** One message's way, in milliseconds. */
  delay(from: Place, to: Place): number;
  /** Until when nothing gets through; not above the present time when it does. */
  cutUntil(from: Place, to: Place): number;
  cut(from: Place, to: Place, until: number): void;
  slowDown(place: Place, factor: number, until: number): void;
  /** From now on everything gets through. */
  heal(): void;
}

/** However slow a path is, a message that is not lost comes within this time. */
const LONGEST_MS = 8000;

export function createNetwork(timeline: Timeline, random: Random): Network {
  const cuts = new Map<string, number>();
  const slow = new Map<Place, { factor: number; until: number }>();
  const factorOf = (place: Place) => {
    const found = slow.get(place);
    return found && found.until > timeline.now() ? found.factor : 1;
  };
  return {
    delay: (from, to) => Math.min(LONGEST_MS, random.between(1, 20) * factorOf(from) * factorOf(to)),
    cutUntil: (from, to) => cuts.get(`${from}>${to}`) ?? 0,
    cut(from, to, until) {
      const key = `${from}>${to}`;
      cuts.set(key, Math.max(cuts.get(key) ?? 0, until));
    },
    slowDown: (place, factor, until) => void slow.set(place, { factor, until }),
    heal() {
      cuts.clear();
      slow.clear();
    },
  };
}

/** One direction of a TCP connection: in order, late when the path is cut, and lost only with the connection. */
export interface Pipe {
  send(arrive: () => void): void;
  /** Nothing more arrives. */
  break(): void;
}

/** How long after the end of a cut TCP tries again, at most. */
const RETRANSMIT_MS = 3000;

export function createPipe(
  { timeline, network, random }: { timeline: Timeline; network: Network; random: Random },
  from: Place,
  to: Place,
): Pipe {
  let queue: { readyAt: number; arrive: () => void }[] = [];
  let isPumping = false;
  let isBroken = false;

  function pump(): void {
    const head = queue[0];
    isPumping = head !== undefined && !isBroken;
    if (!head || isBroken) return;
    timeline.at(head.readyAt, () => {
      if (isBroken) return;
      const cutUntil = network.cutUntil(from, to);
      if (cutUntil > timeline.now()) {
        head.readyAt = cutUntil + random.between(0, RETRANSMIT_MS);
        return pump();
      }
      queue.shift();
      head.arrive();
      pump();
    });
  }

  return {
    send(arrive) {
      if (isBroken) return;
      queue.push({ readyAt: timeline.now() + network.delay(from, to), arrive });
      if (!isPumping) pump();
    },
    break() {
      isBroken = true;
      queue = [];
    },
  };
}
