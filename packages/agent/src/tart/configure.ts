import type { Details } from "./parse.ts";
import { ok } from "./result.ts";
import type { Tart, TartResult } from "./tart.ts";

interface Commands {
  quick: (args: readonly [string, ...string[]]) => Promise<TartResult<string>>;
  details: (name: string) => Promise<TartResult<Details>>;
}

/** See `Tart.configure`. */
export async function configureVm(
  { quick, details }: Commands,
  name: string,
  size: Parameters<Tart["configure"]>[1],
): Promise<TartResult<void>> {
  const diskGb = size.diskGiB === undefined ? undefined : gigabytes(size.diskGiB);
  let grown: number | undefined;
  if (diskGb !== undefined) {
    const has = await details(name);
    if (!has.ok) return has;
    // tart refuses to shrink; a disk that is large enough already is as good.
    if (diskGb > (has.value.Disk ?? 0)) grown = diskGb;
  }
  const done = await quick([
    "set",
    name,
    "--random-mac",
    ...flag("--cpu", size.cpu),
    ...flag("--memory", size.memoryMiB),
    ...flag("--disk-size", grown),
    ...flag("--display", size.display),
  ]);
  return done.ok ? ok() : done;
}

/** tart counts disks in 10^9 bytes, we in 2^30: rounded up, so that nobody gets less than asked for. */
export function gigabytes(gibibytes: number): number {
  return Math.ceil((gibibytes * 2 ** 30) / 1e9);
}

function flag(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}
