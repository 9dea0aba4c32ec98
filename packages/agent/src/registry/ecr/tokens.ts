import type { EcrToken, FetchToken } from "./fetch-token.ts";
import type { EcrHost } from "./host.ts";
import type { EcrTrouble } from "./trouble.ts";

/** Tokens for registries, kept in memory alone. */
export interface EcrTokens {
  /** One that lives long enough for a pull to end. */
  get(registry: string, host: EcrHost): Promise<EcrToken | { trouble: EcrTrouble }>;
  /**
   * The registry did not take this one: it is not given again.
   *
   * @returns false when it was not from here
   */
  forget(registry: string, token: object): boolean;
}

interface Kept {
  token: EcrToken;
  /** Half of its life: twelve hours are ECR's, and a pull may take one. Milliseconds. */
  renewAt: number;
}

/**
 * @param now milliseconds
 */
export function makeEcrTokens(fetchToken: FetchToken, now: () => number = Date.now): EcrTokens {
  const kept = new Map<string, Kept>();
  const asked = new Map<string, ReturnType<FetchToken>>();
  const made = new WeakSet<object>();

  async function renew(registry: string, host: EcrHost): ReturnType<FetchToken> {
    const from = now();
    const token = await fetchToken(host);
    if (!("trouble" in token)) {
      made.add(token);
      kept.set(registry, { token, renewAt: (from + token.expiresAt) / 2 });
      return token;
    }
    // While AWS is away, the half that was kept in reserve is used.
    const old = kept.get(registry)?.token;
    return old && token.trouble.code === "aws_unreachable" && old.expiresAt > now() ? old : token;
  }

  return {
    async get(registry, host) {
      const known = kept.get(registry);
      if (known && now() < known.renewAt) return known.token;
      const asking = asked.get(registry) ?? renew(registry, host).finally(() => asked.delete(registry));
      asked.set(registry, asking);
      return await asking;
    },
    forget(registry, token) {
      if (kept.get(registry)?.token === token) kept.delete(registry);
      return made.has(token);
    },
  };
}
