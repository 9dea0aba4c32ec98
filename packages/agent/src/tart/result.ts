/** Success or an expected failure, as a value. Exceptions are for bugs. */
export type Result<T, F> = { ok: true; value: T } | { ok: false; failure: F };

export function ok(): { ok: true; value: undefined };
export function ok<T>(value: T): { ok: true; value: T };
export function ok(value?: unknown) {
  return { ok: true, value };
}

export function failed<F>(failure: F): { ok: false; failure: F } {
  return { ok: false, failure };
}
