import type { Fleet } from "../fleet.ts";

/** What a figure should be: its value, or its ratio to the raw twin's. */
export interface Aim {
  of: "value" | "ratio";
  is: "at most" | "at least";
  limit: number;
}

export const atMost = (of: Aim["of"], limit: number): Aim => ({ of, is: "at most", limit });
export const atLeast = (of: Aim["of"], limit: number): Aim => ({ of, is: "at least", limit });

/** Something that a scenario measures. */
export interface Figure {
  name: string;
  unit: string;
  /** Whether more of it is better: then it costs its reciprocal. */
  moreIsBetter?: boolean;
  /** Something that is counted, not timed: it means the same on a busy machine. */
  isCount?: true;
  aim?: Aim;
  /** The exponent by which its cost may grow with the fleet; without one, growth is not told. */
  growth?: number;
}

/** One measurement of a figure, with the raw twin's of the same moment where it has one. */
export interface Sample {
  figure: string;
  value: number;
  baseline?: number;
  /** Why it means nothing, where it does not. */
  invalid?: string | undefined;
}

/** How large everything is. */
export interface Scale {
  /** 1, 10 or 100; growth is told by it. */
  factor: number;
  hosts: number;
  /** Calls of one round. */
  calls: number;
  /** How long an open-loop load lasts. */
  seconds: number;
  /** VMs that have ended, where there is a past. */
  past: number;
  /** How often each measurement is made, raw twin and all. */
  rounds: number;
}

/** What a scenario is given. */
interface Stage {
  scale: Scale;
  /** A fleet of that scale, started when it is first asked for; to be left without live VMs. */
  fleet(): Promise<Fleet>;
  /** A folder of its own. */
  dir: string;
  /** Measures as many rounds as the scale has, each when the machine is as fast as it mostly is. */
  rounds(measure: (round: number) => Promise<Sample[]>): Promise<Sample[]>;
  /** Says how far it is, for people. */
  say(line: string): void;
}

export interface Scenario {
  name: string;
  about: string;
  figures: readonly Figure[];
  /** Starts programs while it measures: its tests have the long lane. */
  restarts?: true;
  /** Measures everything once in each round. */
  run(stage: Stage): Promise<Sample[]>;
}

export const SMOKE: Scale = { factor: 1, hosts: 4, calls: 8, seconds: 0.2, past: 10, rounds: 1 };

/** The scale at which a fleet has a hundred hosts for each unit of the factor. */
export function scaleOf(factor: number, rounds: number): Scale {
  return {
    factor,
    hosts: 100 * factor,
    calls: Math.max(2000, 200 * factor),
    seconds: 10,
    past: 10_000 * factor,
    rounds,
  };
}
