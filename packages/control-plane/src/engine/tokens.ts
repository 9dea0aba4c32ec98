import { DEFAULT_TEAM, type TokenRecord, type TokenRole } from "@tartfleet/shared";
import { passesByItself } from "../store/faults.ts";
import type { StoredToken } from "../store/tokens.ts";
import type { Parts } from "./parts.ts";
import { iso, isoOf } from "./records.ts";
import { mintToken, parseToken, tokenMatches } from "./secrets.ts";
import type { Principal, UseCases } from "./use-cases.ts";

/** How exact "last used" is, so that reading does not mean writing. */
const USE_RESOLUTION_MS = 60_000;

type TokenUseCases = Pick<
  UseCases,
  "authenticate" | "createToken" | "listTokens" | "revokeToken" | "enrolHost"
>;

export function makeTokenUseCases(parts: Parts, onError: (error: unknown) => void): TokenUseCases {
  const { store, clock } = parts;

  function touch(token: StoredToken): void {
    const now = clock.now();
    if (token.kind === "vm" || token.kind === "host") return;
    if (token.lastUsedAt !== null && now - token.lastUsedAt < USE_RESOLUTION_MS) return;
    store.touchToken(token.id, now).catch((error: unknown) => {
      // When it was used last is only for people; the next use tells it again.
      if (!passesByItself(error)) onError(error);
    });
  }

  return {
    authenticate(bearer) {
      const parsed = parseToken(bearer);
      const token = parsed && store.token(parsed.id);
      const proved = tokenMatches(parsed?.secret ?? "", token?.hash);
      if (!token || !proved || token.revokedAt !== null) return undefined;
      if (token.expiresAt !== null && token.expiresAt <= clock.now()) return undefined;
      touch(token);
      return principalOf(token, store.hostName);
    },

    async createToken(_caller, { role, name, team, expiresInSeconds }) {
      const { id, token, hash } = mintToken();
      const now = clock.now();
      const expiresAt = expiresInSeconds === undefined ? null : now + expiresInSeconds * 1000;
      const stored = await store.addToken({
        id,
        hash,
        kind: role,
        name,
        team: teamFor(role, team),
        createdAt: now,
        expiresAt,
      });
      return { ...recordOf(stored, role), token };
    },

    listTokens: () =>
      store.listTokens().flatMap((token) => {
        const role = roleOf(token);
        return role === undefined ? [] : [recordOf(token, role)];
      }),

    revokeToken: (_caller, id) => store.revokeToken(id, clock.now()),

    async enrolHost(_caller, input) {
      const { id, token, hash } = mintToken();
      const now = clock.now();
      await store.enrolHost(
        input,
        { id, hash, kind: "host", name: `host ${input.name}`, createdAt: now },
        now,
      );
      return { name: input.name, credential: token };
    },
  };
}

/** A CI system's token is always one team's. */
function teamFor(role: TokenRole, team: string | undefined): string | null {
  return team ?? (role === "ci" ? DEFAULT_TEAM : null);
}

function roleOf({ kind }: StoredToken): TokenRole | undefined {
  return kind === "host" || kind === "vm" ? undefined : kind;
}

function recordOf(token: StoredToken, role: TokenRole): TokenRecord {
  const { id, name, team, createdAt, expiresAt, lastUsedAt, revokedAt } = token;
  return {
    id,
    role,
    name,
    team,
    createdAt: isoOf(createdAt),
    expiresAt: iso(expiresAt),
    lastUsedAt: iso(lastUsedAt),
    revokedAt: iso(revokedAt),
  };
}

function principalOf(token: StoredToken, hostName: (id: number) => string): Principal | undefined {
  const role = roleOf(token);
  if (role !== undefined)
    return { kind: "token", tokenId: token.id, role, name: token.name, team: token.team };
  if (token.kind === "host" && token.hostId !== null) {
    return { kind: "host", hostId: token.hostId, hostName: hostName(token.hostId) };
  }
  if (token.vmId === null || token.attempt === null) return undefined;
  return { kind: "vm", vmId: token.vmId, attempt: token.attempt };
}
