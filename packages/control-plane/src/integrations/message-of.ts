/**
 * What went wrong, in words for people. Why `fetch` failed is in its error's cause: a name that is not known, a
 * certificate that is not trusted, a refused connection.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
