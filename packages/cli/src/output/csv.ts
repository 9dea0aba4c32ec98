/** What a cell can hold; an object is written as JSON. */
type Cell = string | number | object | null;

/** One line of CSV (RFC 4180), without its end. What a spreadsheet would take for a formula is led by an apostrophe. */
export function csvLine(values: readonly Cell[]): string {
  return values.map(cellOf).join(",");
}

function cellOf(value: Cell): string {
  if (typeof value === "number") return String(value);
  const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
