import { useState } from "react";

/** The array of before for as long as the next ones have the same in them: what is given it is not drawn again. */
export function useSameArray<T>(next: readonly T[]): readonly T[] {
  const [kept, setKept] = useState(next);
  const isSame = kept.length === next.length && kept.every((value, index) => value === next[index]);
  if (!isSame) setKept(next);
  return isSame ? kept : next;
}
