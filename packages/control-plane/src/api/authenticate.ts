import { CallError } from "@tartfleet/shared";
import type { Principal, UseCases } from "../engine/use-cases.ts";

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,8192}) *$/i.exec(header ?? "")?.[1];
}

/** What a bearer proves, for as long as it does. */
export interface Identity {
  /** Undefined once it is not valid any more. */
  principal(): Principal | undefined;
  /** Calls once, when it stops being valid; at once when it is not. Returns how to stop listening. */
  whenInvalid(call: () => void): () => void;
}

/** A token of ours: the store is asked at every call. */
export function identityOfToken(
  useCases: Pick<UseCases, "authenticate" | "whenInvalid">,
  bearer: string,
): Identity {
  return {
    principal: () => useCases.authenticate(bearer),
    whenInvalid: (call) => useCases.whenInvalid(bearer, call),
  };
}

/** A missing, malformed, unknown, expired or revoked token is told the same. */
export function unauthenticated(): CallError {
  return new CallError("unauthenticated", "Send a valid token: Authorization: Bearer <token>");
}
