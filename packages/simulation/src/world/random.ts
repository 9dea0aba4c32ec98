/**
 * Randomness from a seed, in named streams: what one part draws does not shift what another part draws, so
 * that a plan from which something was dropped still meets much the same world.
 */
export interface Random {
  /** From 0 up to but not 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** A stream of its own; the same name gives the same stream. */
  stream(name: string): Random;
}

export function createRandom(seed: string): Random {
  const next = sfc32(seed);
  const between = (from: number, to: number) => from + next() * (to - from);
  const int = (from: number, to: number) => Math.floor(between(from, to + 1));
  return {
    next,
    int,
    between,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[int(0, choices.length - 1)] ?? choices[0],
    stream: (name) => createRandom(`${seed}/${name}`),
  };
}

/** FNV-1a, four times over with different starts: 128 bits of state from a text. */
function hashed(text: string, start: number): number {
  let hash = 2_166_136_261 ^ start;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  return hash >>> 0;
}

/** Chris Doty-Humphrey's small fast counting generator. */
function sfc32(seed: string): () => number {
  let [a, b, c, counter] = [hashed(seed, 1), hashed(seed, 2), hashed(seed, 3), 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
