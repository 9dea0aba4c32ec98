import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { isTrustworthy, type Issuer } from "./config.ts";

/** An issuer whose keys cannot be had now. */
export class IssuerUnreachableError extends Error {
  override readonly name = "IssuerUnreachableError";
}

const FETCH_MS = 5000;
/** After a failure nobody asks again for so long, however many tokens come. */
const PAUSE_AFTER_FAILURE_MS = 10_000;
/** A token with a key that is not known makes us ask again, at most so often. */
const COOLDOWN_MS = 30_000;
const KEYS_ARE_FRESH_MS = 600_000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * The keys of an issuer: its inline ones, or fetched and kept. What a token's header says of keys (jku, x5u,
 * jwk) is never looked at.
 *
 * @throws IssuerUnreachableError from the function returned
 */
export function keysOf({ issuer, jwks, jwksUrl }: Issuer, now: () => number): JWTVerifyGetKey {
  if (jwks) return createLocalJWKSet(jwks);
  const guarded = pausingAfterFailure(now);
  let remote: Promise<JWTVerifyGetKey> | undefined;

  async function open(): Promise<JWTVerifyGetKey> {
    const url = jwksUrl ?? (await guarded(() => discover(issuer)));
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: FETCH_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: KEYS_ARE_FRESH_MS,
      [customFetch]: (address, options) => guarded(() => fetchOk(address, options)),
    });
  }

  return async (header, token) => {
    try {
      remote ??= open();
      return await (
        await remote
      )(header, token);
    } catch (error) {
      // A failed discovery is tried again; keys that were found stay.
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
        throw error;
      }
      if (await hasFailed(remote)) remote = undefined;
      throw new IssuerUnreachableError(`the keys of ${issuer} cannot be fetched`, { cause: error });
    }
  };
}

async function hasFailed(promise: Promise<unknown> | undefined): Promise<boolean> {
  try {
    await promise;
    return false;
  } catch {
    return true;
  }
}

/** Runs what may fail, but not soon again after it did. */
function pausingAfterFailure(now: () => number) {
  let failure: { at: number; error: unknown } | undefined;
  return async <T>(run: () => Promise<T>): Promise<T> => {
    if (failure && now() - failure.at < PAUSE_AFTER_FAILURE_MS) throw failure.error;
    try {
      const value = await run();
      failure = undefined;
      return value;
    } catch (error) {
      failure = { at: now(), error };
      throw error;
    }
  };
}

async function fetchOk(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status === 200) return response;
  throw new Error(`${url} answered HTTP ${response.status}`);
}

/** OpenID Connect Discovery 1.0: `ISSUER/.well-known/openid-configuration`. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const options = { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) } as const;
  const response = await fetchOk(url, options);
  const found = discoverySchema.parse(await response.json());
  if (found.issuer !== issuer) throw new Error(`${url} speaks for ${found.issuer}, not for ${issuer}`);
  if (!isTrustworthy(found.jwks_uri)) throw new Error(`${url} names keys that are not at an https URL`);
  return found.jwks_uri;
}
