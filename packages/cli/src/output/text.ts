/**
 * What moves a cursor, changes a title, breaks a line where none is, or turns the direction of writing so that
 * a text reads as another one.
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line that cannot move a terminal's cursor or change its title: what a guest said is shown, not obeyed. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .replaceAll("\t", " ")
    .replaceAll(CONTROL, "�");
}

/** The same for several lines; tabs and line ends stay. */
export function manyLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(CONTROL, "�");
}

/** A record of which no text can do that, wherever in it the text stands. */
export function harmless<T>(record: T): T;
export function harmless(record: unknown): unknown {
  if (typeof record === "string") return manyLines(record);
  if (Array.isArray(record)) return record.map((part) => harmless(part));
  if (typeof record !== "object" || record === null) return record;
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [manyLines(name), harmless(value)]),
  );
}

/** Each line moved to the right. */
export function indent(text: string, by: string): string {
  return text.replaceAll(/^/gm, by);
}

/** `1 VM`, `2 VMs`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** Cut to at most `width` characters; an ellipsis shows where. */
export function cutEnd(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Cut at the front: of an image, the end tells more. */
export function cutStart(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - Math.max(0, width - 1))}`;
}

/** `a=1, b=2` of labels. */
export function pairs(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `25.4 GB`, in units of 1000 as tart and registries count. */
export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** `10.2 of 25.4 GB`; nothing when it is not known. */
export function progressText(bytes: number | null, total: number | null): string | undefined {
  return bytes === null || total === null ? undefined : `${bytesText(bytes)} of ${bytesText(total)}`;
}
