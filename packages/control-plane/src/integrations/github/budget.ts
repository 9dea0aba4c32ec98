/** Nothing is asked now: GitHub said that it has had enough. */
class RestError extends Error {
  constructor(seconds: number) {
    super(`GitHub's rate limit is used up; nothing is asked of it for ${seconds} s.`);
    this.name = "RestError";
  }
}

type Headers = Readonly<Record<string, string | number | undefined>>;

/** After a refusal that does not say for how long, doubled for each in a row (docs.github.com, "Exceeding the rate limit"). */
const PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 900_000;
/** How GitHub says so where no header does. */
const SECONDARY = /secondary rate limit|abuse detection/i;

/**
 * Keeps to GitHub's rate limits: after a refusal, or with the last request of the hour, nothing is asked until it may
 * be again. Going on in spite of refusals gets an App banned.
 */
export function makeBudget(now: () => number) {
  let restsUntil = 0;
  let left = 1;
  let refusals = 0;

  return {
    left: () => left,
    /** @throws RestError */
    require(): void {
      const ms = restsUntil - now();
      if (ms > 0) throw new RestError(Math.ceil(ms / 1000));
    },
    /**
     * An answer came.
     *
     * @param said GitHub's message, of a refusal
     */
    heard(status: number, headers: Headers, said = ""): void {
      const [limit, remaining, reset, retryAfter] = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
      ].map((name) => numberIn(headers[name]));
      if (limit !== undefined && limit > 0 && remaining !== undefined) left = remaining / limit;
      const isUsedUp = remaining === 0 && reset !== undefined;
      const isRefused =
        status === 429 || (status === 403 && (retryAfter !== undefined || isUsedUp || SECONDARY.test(said)));
      refusals = isRefused ? refusals + 1 : 0;
      if (retryAfter !== undefined && isRefused) restsUntil = now() + retryAfter * 1000;
      else if (isUsedUp) restsUntil = reset * 1000;
      else if (isRefused)
        restsUntil = now() + Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(refusals - 1, 10));
    },
  };
}

function numberIn(header: string | number | undefined): number | undefined {
  const number = header === undefined || header === "" ? Number.NaN : Number(header);
  return Number.isFinite(number) ? number : undefined;
}
