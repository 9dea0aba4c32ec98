/** The lines that go (`-`), that come (`+`), and that stay, of two short texts. */
export function fileDiff(from: string, to: string): string[] {
  const old = linesOf(from);
  const now = linesOf(to);
  const lengths = commonLengths(old, now);
  const shown: string[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      shown.push(`  ${old[i]}`);
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      shown.push(`- ${old[i]}`);
      i += 1;
    } else {
      shown.push(`+ ${now[j]}`);
      j += 1;
    }
  }
  return shown;
}

/** How many lines the two have in common, in order, from each pair of places on. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      if (!row) continue;
      row[j] =
        old[i] === now[j]
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

const at = (table: readonly (readonly number[])[], i: number, j: number) => table[i]?.[j] ?? 0;
const linesOf = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
