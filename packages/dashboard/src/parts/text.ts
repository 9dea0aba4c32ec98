const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** The two largest units of a time: `850ms`, `42s`, `3m 5s`, `2h`, `4d 6h`. */
export function durationText(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  let rest = Math.max(0, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const amount = Math.floor(rest / seconds);
    rest -= amount * seconds;
    if (amount > 0) parts.push(`${amount}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}

/** `1 VM`, `2 VMs`. */
export function countText(amount: number, one: string, many = `${one}s`): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

const SIZES = ["B", "kB", "MB", "GB", "TB"];

/** `25.4 GB`, in units of 1000 as tart and registries count. */
export function bytesText(bytes: number): string {
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${SIZES[power]}`;
}

/** The short form of an image's name: without the registry and its folders. */
export function imageText(reference: string): string {
  const [path = reference, digest] = reference.split("@");
  const name = path.slice(path.lastIndexOf("/") + 1);
  return digest === undefined ? name : `${name}@${digest.slice(0, 15)}`;
}

/** `a=1` of labels, in order. */
export function labelTexts(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}

/** `10.2 GB of 25.4 GB`; undefined when it is not known. */
export function progressText(bytes: number | null, total: number | null): string | undefined {
  return bytes === null || total === null ? undefined : `${bytesText(bytes)} of ${bytesText(total)}`;
}
