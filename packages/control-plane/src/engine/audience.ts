import { hangBell } from "./bell.ts";

/** The place of one who listens. */
export interface Seat<T> {
  /** What it has not been told yet; undefined when the signal aborts. */
  next(): Promise<T | undefined>;
  leave(): void;
}

/**
 * Those who are told the same: one object for all of them, which is frozen, so that it can be written as JSON once
 * (`jsonOf`).
 *
 * @param merge two messages as one, for who has not taken the first when the second comes
 */
export function makeAudience<T extends object>(merge: (older: T, newer: T) => T) {
  const seats = new Set<{ news: T | undefined; ring(): void }>();
  return {
    isEmpty: (): boolean => seats.size === 0,
    tell(news: T): void {
      Object.freeze(news);

      for (const seat of seats) {
        seat.news = seat.news ? merge(seat.news, news) : news;
        seat.ring();
      }
    },
    /** From now on, until the signal aborts. */
    sit(signal: AbortSignal): Seat<T> {
      const seat = { news: undefined as T | undefined, ring() {} };
      const bell = hangBell((ring) => {
        seat.ring = ring;
        seats.add(seat);
        return () => void seats.delete(seat);
      }, signal);
      return {
        async next() {
          if (!(await bell.wait())) return undefined;
          const { news } = seat;
          seat.news = undefined;
          return news;
        },
        leave: () => bell.takeDown(),
      };
    },
  };
}

export type Audience<T extends object> = ReturnType<typeof makeAudience<T>>;
