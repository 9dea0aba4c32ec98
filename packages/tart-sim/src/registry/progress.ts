import type { Sim } from "../sim.ts";

/** Percentages on stdout: whole numbers, only when they change (tart-contract §5.3). */
export interface Progress {
  show(fraction: number): void;
}

export function makeProgress(sim: Sim): Progress {
  // The original looks at CI, not at isatty; without it each update rewrites the line above.
  const before = sim.env["CI"] === undefined ? "\u001B[1A\r\u001B[J" : "";
  let last: number | undefined;
  return {
    show(fraction) {
      const percent = Math.floor(fraction * 100);
      if (percent === last) return;
      sim.say(`${last === undefined ? "" : before}${percent}%`);
      last = percent;
    },
  };
}
