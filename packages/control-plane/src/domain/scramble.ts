/** A number of 32 bits that looks like chance, always the same for the same one (the finish of MurmurHash3). */
export function scramble(seed: number): number {
  let mixed = seed ^ (seed >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** An id's place from 0 to below 1, evenly spread over ids and always the same (FNV-1a, scrambled). */
export function evenly(id: string): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return scramble(hash) / 2 ** 32;
}
