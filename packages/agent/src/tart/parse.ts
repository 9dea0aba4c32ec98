import { z } from "zod";
import { ownFailure } from "./command.ts";
import { failed, ok } from "./result.ts";
import type { TartResult } from "./tart.ts";

/** Only the keys that all releases agree on; unknown keys and nulls elsewhere are tart's own business (§0.2). */
const listing = z.array(
  z.object({
    Name: z.string(),
    Source: z.string(),
    State: z.enum(["running", "stopped", "suspended"]),
    Size: z.union([z.number(), z.string()]).nullish(),
    Accessed: z.unknown().optional(),
  }),
);
export type Listing = z.infer<typeof listing>;

const details = z.object({ OS: z.enum(["darwin", "linux"]), Disk: z.number().nullish() });
export type Details = z.infer<typeof details>;

/** `tart list --format json`. */
export function parseListing(text: string): TartResult<Listing> {
  return parse(listing, "list", text);
}

/** `tart get --format json`. */
export function parseDetails(text: string): TartResult<Details> {
  return parse(details, "get", text);
}

/** One progress line of `pull`: "42%". */
export function parsePercent(line: string): number | undefined {
  const match = /^(\d{1,3})%$/.exec(line.trim());
  const percent = match ? Number(match[1]) : undefined;
  return percent !== undefined && percent <= 100 ? percent : undefined;
}

const UNITS = ["bytes", "kb", "mb", "gb", "tb"];

/** How many bytes a pull fetches: "pulling disk (25.4 GB compressed)...", in units of 1000 (tart-contract §5.3). */
export function parsePullSize(line: string): number | undefined {
  const [, number = "", unit = ""] = /^pulling disk \(([\d.,]+)\s(\w+) compressed\)/.exec(line) ?? [];
  const power = UNITS.indexOf(unit.toLowerCase());
  // Some regions write 25,4 GB; sizes that long have no separator of thousands.
  const amount = Number(number.replace(",", "."));
  return power >= 0 && Number.isFinite(amount) ? Math.round(amount * 1000 ** power) : undefined;
}

/** `Accessed` of a listing, which not all releases print, in ISO 8601; undefined when it is no time. */
export function parseAccessed(accessed: unknown): string | undefined {
  const time = typeof accessed === "string" ? new Date(accessed) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}

/** The IPv4 address that `tart ip` printed. */
export function parseIp(text: string): TartResult<string> {
  const address = z.ipv4().safeParse(text.trim());
  return address.success ? ok(address.data) : failed(ownFailure("UNREADABLE", "ip", text));
}

/** The digest in what `tart fqn` printed. */
export function parseDigest(text: string): TartResult<string> {
  const digest = /@(sha256:[0-9a-f]{64})\s*$/.exec(text)?.[1];
  return digest ? ok(digest) : failed(ownFailure("UNREADABLE", "fqn", text));
}

function parse<T>(schema: z.ZodType<T>, command: string, text: string): TartResult<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return failed(ownFailure("UNREADABLE", command, text));
  }
  const parsed = schema.safeParse(json);
  return parsed.success
    ? ok(parsed.data)
    : failed(ownFailure("UNREADABLE", command, `${z.prettifyError(parsed.error)}\n${text}`));
}
