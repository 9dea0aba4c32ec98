import { readFileSync } from "node:fs";
import { z } from "zod";
import { messageOf } from "./message-of.ts";

/** A CI system's file of configuration that cannot be used; every mistake in it. */
export class CiConfigError extends Error {
  override readonly name = "CiConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join("; "));
    this.mistakes = mistakes;
  }
}

/** The path of a file with one secret, which is what it becomes. */
export const secretFile = z
  .string()
  .min(1)
  .transform((path, context) => {
    const found = secretIn(path);
    if (found.secret !== undefined) return found.secret;
    // Not the end of it: what else is wrong is to be told of too.
    context.issues.push({ code: "custom", message: found.message, input: path, continue: true });
    return "";
  });

function secretIn(
  path: string,
): { secret: string; message?: undefined } | { secret?: undefined; message: string } {
  try {
    const secret = readFileSync(path, "utf8").trim();
    return secret === "" ? { message: `${path} is empty` } : { secret };
  } catch (error) {
    return { message: `${path} cannot be read: ${messageOf(error)}` };
  }
}

/** @throws CiConfigError */
export function readConfigFile<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  const parsed = schema.safeParse(jsonIn(path));
  if (parsed.success) return parsed.data;
  throw new CiConfigError(
    parsed.error.issues.map((issue) => `${[path, ...issue.path].join(" › ")}: ${issue.message}`),
  );
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    throw new CiConfigError([`${path} ${what}: ${messageOf(error)}`]);
  }
}
