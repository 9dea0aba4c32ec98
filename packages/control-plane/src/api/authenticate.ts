import { CallError } from "@tartfleet/shared";
import type { Principal, UseCases } from "../engine/use-cases.ts";

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(header ?? "")?.[1];
}

/** Who a bearer token speaks for. A missing, malformed, unknown, expired or revoked one is told the same. */
export function authenticate(
  useCases: Pick<UseCases, "authenticate">,
  bearer: string | undefined,
): Principal {
  const principal = bearer === undefined ? undefined : useCases.authenticate(bearer);
  if (principal) return principal;
  throw new CallError("unauthenticated", "Send a valid token: Authorization: Bearer <token>");
}
