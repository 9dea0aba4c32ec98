/** Nothing is asked now: GitHub said that it has had enough. */
class RestError extends Error {
  constructor(seconds: number) {
    super(`GitHub's rate limit is used up; nothing is asked of it for ${seconds} s.`);
    this.name = "RestError";
  }
}

type Headers = Readonly<Record<string, string | number | undefined>>;

/** After a refusal that does not say for how long (docs.github.com, "Exceeding the rate limit"). */
const PAUSE_MS = 60_000;

/**
 * Keeps to GitHub's rate limits: after a refusal, or with the last request of the hour, nothing is asked until it may
 * be again. Going on in spite of refusals gets an App banned.
 */
export function makeBudget(now: () => number) {
  let restsUntil = 0;
  let left = 1;

  return {
    left: () => left,
    /** @throws RestError */
    require(): void {
      const ms = restsUntil - now();
      if (ms > 0) throw new RestError(Math.ceil(ms / 1000));
    },
    /** An answer came. */
    heard(status: number, headers: Headers): void {
      const [limit, remaining, reset, retryAfter] = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
      ].map((name) => (headers[name] === undefined ? undefined : Number(headers[name])));
      if (limit !== undefined && limit > 0 && remaining !== undefined) left = remaining / limit;
      const isUsedUp = remaining === 0 && reset !== undefined;
      const isRefused = status === 429 || (status === 403 && (retryAfter !== undefined || isUsedUp));
      if (retryAfter !== undefined && isRefused) restsUntil = now() + retryAfter * 1000;
      else if (isUsedUp) restsUntil = reset * 1000;
      else if (isRefused) restsUntil = now() + PAUSE_MS;
    },
  };
}
