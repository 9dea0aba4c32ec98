import { CallError } from "@tartfleet/shared";
import type { Principal, UseCases } from "../engine/use-cases.ts";
import { identityOfToken, unauthenticated, type Identity } from "./authenticate.ts";
import { isJwt, type Oidc } from "../oidc/oidc.ts";
import { makeBuckets, type Rate } from "./bucket.ts";
import { sourceOf } from "./source.ts";

/** What callers may take, each for itself. */
export interface Rates {
  /** Calls of one token of a person, a CI system or a host. */
  callRate: Rate;
  /** Calls of one VM's token: a job can read it, and what its hooks have to say is little. */
  guestCallRate: Rate;
  /** Calls from one address without a valid token. */
  failureRate: Rate;
  /** Tokens, and addresses, that are remembered. */
  rememberedCallers: number;
}

/** What a request or a connection may do, for as long as its token is valid. */
export interface Access extends Pick<Identity, "whenInvalid"> {
  /**
   * Who calls. Asked for every call: each of a batch, each on a socket.
   *
   * @throws CallError unauthenticated; rate_limited for a token that calls too often, or for an address that
   *   sent too many that are not valid
   */
  call(): Principal;
}

/** Lets callers in, at every door of the API. */
export interface Admission {
  /**
   * @param address where the request or connection comes from
   * @throws CallError issuer_unreachable
   */
  admit(bearer: string | undefined, address: string): Promise<Access>;
}

/**
 * A valid token is let in from wherever it comes. An address that guesses is only refused its guesses: a job
 * shares its host's address, and must not be able to lock out the agent there; 256 random bits are not
 * found by guessing faster.
 */
export function makeAdmission(
  useCases: Pick<UseCases, "authenticate" | "whenInvalid" | "noteStranger">,
  rates: Rates,
  oidc?: Oidc,
  nowMs: () => number = () => performance.now(),
): Admission {
  const calls = makeBuckets(rates.callRate, rates.rememberedCallers);
  const guestCalls = makeBuckets(rates.guestCallRate, rates.rememberedCallers);
  const failures = makeBuckets(rates.failureRate, rates.rememberedCallers);

  async function identityOf(bearer: string | undefined): Promise<Identity> {
    if (bearer === undefined) return NOBODY;
    if (oidc && isJwt(bearer)) return (await oidc.identify(bearer)) ?? NOBODY;
    return identityOfToken(useCases, bearer);
  }

  function refused(address: string): CallError {
    if (failures.take(sourceOf(address), nowMs())) return unauthenticated();
    return tooMany("Too many calls without a valid token came from your address", rates.failureRate);
  }

  return {
    async admit(bearer, address) {
      const identity = await identityOf(bearer);
      return {
        call() {
          const principal = identity.principal();
          if (!principal) {
            if (bearer !== undefined) useCases.noteStranger(address);
            throw refused(address);
          }
          const isGuest = principal.kind === "vm";
          const taken = (isGuest ? guestCalls : calls).take(keyOf(principal), nowMs());
          if (taken) return principal;
          throw tooMany("This token calls too often", isGuest ? rates.guestCallRate : rates.callRate);
        },
        whenInvalid: identity.whenInvalid,
      };
    },
  };
}

const NOBODY: Identity = {
  principal: () => undefined,
  whenInvalid(call) {
    call();
    return () => {};
  },
};

function tooMany(what: string, { perSecond }: Rate): CallError {
  const retryAfterSeconds = Math.ceil(1 / perSecond);
  return new CallError("rate_limited", `${what}; wait before the next call`, [], { retryAfterSeconds });
}

/** Another for every caller. */
export function keyOf(principal: Principal): string {
  switch (principal.kind) {
    case "token":
      return principal.tokenId;
    case "host":
      return `host ${principal.hostId}`;
    case "vm":
      return principal.vmId;
    default:
      return principal satisfies never;
  }
}
