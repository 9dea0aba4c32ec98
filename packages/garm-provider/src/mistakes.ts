import type { z } from "zod";
import { ProviderFailure } from "./failure.ts";

/**
 * What was read, as it must be.
 *
 * @throws ProviderFailure with every mistake; of what stands there, it says nothing, for that may be a secret
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const list = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "all of it"}: ${message}\n`,
  );
  throw new ProviderFailure(`${what} is not as it must be:\n${list.join("")}`);
}

/** @throws ProviderFailure */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProviderFailure(`${what} is not JSON`);
  }
}
