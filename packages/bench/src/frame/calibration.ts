import { setTimeout as wait } from "node:timers/promises";
import { median } from "simple-statistics";

const LOOP_MS = 200;
/** Farther off the median, the machine is busy with something else, or no longer. */
const TOLERANCE = 0.15;
const TRIES = 10;
const LOOKS_BEFORE = 5;

/** How fast the machine is: round trips of a text through JSON, in 200 ms of this process. */
function roundTripsOfJson(): number {
  const until = performance.now() + LOOP_MS;
  let value: unknown = {
    image: "ghcr.io/example/macos:bench",
    labels: { xcode: "26" },
    cpu: 4,
    names: ["a", "b"],
  };
  let count = 0;
  while (performance.now() < until) {
    for (let trip = 0; trip < 100; trip += 1) value = JSON.parse(JSON.stringify(value));
    count += 100;
  }
  return count;
}

export interface Calibration {
  /** Waits until the machine is as fast as it mostly was in this session. @returns false when it was not in ten looks */
  settle(): Promise<boolean>;
}

/** One session's looks at how fast the machine is. @param look how fast it is just now, in any unit */
export function makeCalibration(look = roundTripsOfJson, pauseMs = 1000): Calibration {
  const speeds = Array.from({ length: LOOKS_BEFORE }, look);
  return {
    async settle(): Promise<boolean> {
      for (let turn = 0; turn < TRIES; turn += 1) {
        const speed = look();
        speeds.push(speed);
        if (Math.abs(speed / median(speeds) - 1) <= TOLERANCE) return true;
        await wait(pauseMs);
      }
      return false;
    },
  };
}
