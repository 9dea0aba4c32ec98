import { CallError, DEFAULT_TEAM } from "@tartfleet/shared";
import { decodeJwt, errors, jwtVerify, type JWTPayload } from "jose";
import type { Identity } from "../api/authenticate.ts";
import type { Clock } from "../engine/clock.ts";
import type { Principal } from "../engine/use-cases.ts";
import type { Issuer, OidcConfig } from "./config.ts";
import { IssuerUnreachableError, keysOf } from "./keys.ts";
import { grantOf } from "./rules.ts";

/** Signatures with a public key alone: what anybody can check, nobody can make. */
const ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");
/** Clocks differ. */
const TOLERANCE_SECONDS = 60;
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

/** Where it is told why an identity was refused: the caller only hears that it was. */
export interface OidcLog {
  info(about: Record<string, unknown>, message: string): void;
  warn(about: Record<string, unknown>, message: string): void;
}

/** Takes the word of OpenID Connect issuers for who somebody is. */
export interface Oidc {
  /**
   * What a JSON Web Token proves, until it expires; undefined when nothing.
   *
   * @throws CallError issuer_unreachable
   */
  identify(jwt: string): Promise<Identity | undefined>;
}

export function isJwt(bearer: string): boolean {
  return /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(bearer);
}

export function makeOidc({ issuers }: OidcConfig, clock: Clock, log: OidcLog): Oidc {
  const known = new Map(
    issuers.map((issuer) => [issuer.issuer, { issuer, keys: keysOf(issuer, clock.now) }]),
  );

  return {
    async identify(jwt) {
      const claimed = issuerNamedBy(jwt);
      const from = claimed === undefined ? undefined : known.get(claimed);
      if (!from) return undefined;
      const { issuer, keys } = from;
      const about = { issuer: issuer.name };
      try {
        const { payload } = await jwtVerify(jwt, keys, {
          issuer: issuer.issuer,
          audience: issuer.audience,
          algorithms: ALGORITHMS,
          clockTolerance: TOLERANCE_SECONDS,
          requiredClaims: ["sub", "exp"],
          currentDate: new Date(clock.now()),
        });
        const principal = principalOf(issuer, payload);
        if (principal) return identityUntil(payload.exp, principal, clock);
        log.info({ ...about, subject: payload.sub }, "identity refused: no rule of --oidc-config applies");
      } catch (error) {
        if (error instanceof IssuerUnreachableError) {
          log.warn({ ...about, err: error }, "identities cannot be checked: their issuer cannot be reached");
          throw new CallError(
            "issuer_unreachable",
            `The keys of ${issuer.issuer} cannot be fetched now; try again in a moment`,
            [],
            { retryAfterSeconds: 10 },
          );
        }
        if (!(error instanceof errors.JOSEError)) throw error;
        log.info({ ...about, reason: error.code, what: error.message }, "identity refused");
      }
      return undefined;
    },
  };
}

/** Only to choose whose keys to check it with. */
function issuerNamedBy(jwt: string): string | undefined {
  try {
    return decodeJwt(jwt).iss;
  } catch {
    return undefined;
  }
}

function principalOf(issuer: Issuer, payload: JWTPayload): Principal | undefined {
  const { sub = "" } = payload;
  const grant = grantOf(issuer.rules, payload);
  if (!grant || !SUBJECT.test(sub)) return undefined;
  return {
    kind: "token",
    tokenId: `oidc:${issuer.name}:${sub}`,
    role: grant.role,
    name: issuer.name,
    team: grant.team ?? (grant.role === "ci" ? DEFAULT_TEAM : null),
  };
}

function identityUntil(exp: number | undefined, principal: Principal, clock: Clock): Identity {
  const until = ((exp ?? 0) + TOLERANCE_SECONDS) * 1000;
  return {
    principal: () => (clock.now() < until ? principal : undefined),
    whenInvalid(call) {
      let cancel = () => {};
      const look = () => {
        const left = until - clock.now();
        if (left <= 0) call();
        else cancel = clock.after(left, look);
      };
      look();
      return () => cancel();
    },
  };
}
