/** A cell of the matrix: a host's name (0) or one of its slots (1, 2). */
export interface Spot {
  host: number;
  part: number;
}

export const PARTS_PER_HOST = 3;
const ROWS_PER_PAGE = 8;

/** Where a key leads in a grid of hosts, row by row; undefined for a key that leads nowhere. Pure. */
export function moved(
  { host, part }: Spot,
  { key, ctrlKey }: { key: string; ctrlKey: boolean },
  { hosts, perRow }: { hosts: number; perRow: number },
): Spot | undefined {
  const last = hosts - 1;
  const rowStart = host - (host % perRow);
  const across = (by: number): Spot => {
    const at = Math.min(
      Math.max(host * PARTS_PER_HOST + part + by, 0),
      last * PARTS_PER_HOST + PARTS_PER_HOST - 1,
    );
    return { host: Math.floor(at / PARTS_PER_HOST), part: at % PARTS_PER_HOST };
  };
  const down = (rows: number): Spot => {
    const to = host + rows * perRow;
    return to < 0 || to > last ? { host: rows < 0 ? host % perRow : last, part } : { host: to, part };
  };
  switch (key) {
    case "ArrowRight":
      return across(1);
    case "ArrowLeft":
      return across(-1);
    case "ArrowDown":
      return host + perRow > last ? { host, part } : down(1);
    case "ArrowUp":
      return host - perRow < 0 ? { host, part } : down(-1);
    case "PageDown":
      return down(ROWS_PER_PAGE);
    case "PageUp":
      return down(-ROWS_PER_PAGE);
    case "Home":
      return { host: ctrlKey ? 0 : rowStart, part: 0 };
    case "End":
      return { host: ctrlKey ? last : Math.min(rowStart + perRow - 1, last), part: PARTS_PER_HOST - 1 };
    default:
      return undefined;
  }
}
