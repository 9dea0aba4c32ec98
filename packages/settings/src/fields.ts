import { z } from "zod";

/* Settings as they stand on a command line or in the environment: text, of which the whole is a value. */

function number(minimum: number, maximum: number, form: RegExp, what: string) {
  return z
    .string()
    .regex(form, `must be ${what}`)
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`));
}

export const wholeNumber = (minimum: number, maximum: number) =>
  number(minimum, maximum, /^\d{1,10}$/, "a whole number");

/** Seconds, to the millisecond. */
export const seconds = (minimum: number, maximum: number) =>
  number(minimum, maximum, /^\d{1,6}(\.\d{1,3})?$/, "a number of seconds");

/** An http(s) URL to which paths are added; comes without a slash at the end. */
export const baseUrl = (missing?: string) =>
  z.string(missing === undefined ? undefined : { error: missing }).transform((text, context) => {
    const url = URL.parse(text);
    const plain = url && !url.username && !url.password && !url.search && !url.hash;
    if (plain && (url.protocol === "http:" || url.protocol === "https:")) return url.href.replace(/\/+$/, "");
    context.addIssue({
      code: "custom",
      message: "must be an http(s) URL without user, query or fragment, like https://tartfleet.example.com",
    });
    return z.NEVER;
  });

/** A path as it is, whatever it leads to. */
export const path = z
  .string()
  .min(1, "must name a path")
  .refine((text) => !text.includes("\0"), "must not contain NUL");

/** Off unless its flag is there; its variable says `1` or `true`, `0` or `false`. */
export const onOff = z
  .stringbool({ truthy: ["true", "1"], falsy: ["false", "0"], error: "must be 1 or 0" })
  .prefault("false");

/** pino's levels. */
export const logLevel = z
  .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
  .prefault("info")
  .describe("Least severe level that is logged (default info)");
