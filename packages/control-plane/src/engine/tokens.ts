import {
  DEFAULT_TEAM,
  parseToken,
  type CreateToken,
  type TokenRecord,
  type TokenRole,
} from "@tartfleet/shared";
import { passesByItself } from "../store/faults.ts";
import { actOf, hostName, tokenName } from "./acts.ts";
import type { StoredToken } from "../store/tokens.ts";
import type { Parts } from "./parts.ts";
import { iso, isoOf } from "./records.ts";
import { mintToken, tokenMatches } from "./secrets.ts";
import type { Principal, UseCases } from "./use-cases.ts";

/** How exact "last used" is, so that reading does not mean writing. */
const USE_RESOLUTION_MS = 60_000;

/** Seconds: how long an enrolment token is valid when nothing was said. */
const A_DAY = 86_400;

type TokenUseCases = Pick<
  UseCases,
  | "authenticate"
  | "whenInvalid"
  | "createToken"
  | "listTokens"
  | "rotateToken"
  | "revokeToken"
  | "enrolHost"
  | "revokeHost"
>;

export function makeTokenUseCases(parts: Parts, onError: (error: unknown) => void): TokenUseCases {
  const { store, clock, changes, refusals, identity, leases } = parts;

  function touch(token: StoredToken): void {
    const now = clock.now();
    if (token.kind === "vm" || token.kind === "host") return;
    if (token.lastUsedAt !== null && now - token.lastUsedAt < USE_RESOLUTION_MS) return;
    store.touchToken(token.id, now).catch((error: unknown) => {
      // When it was used last is only for people; the next use tells it again.
      if (!passesByItself(error)) onError(error);
    });
  }

  /** The token that a bearer proves, and until when it does; undefined when it proves none. */
  function prove(bearer: string): { token: StoredToken; until: number } | undefined {
    const parsed = parseToken(bearer);
    const token = parsed && store.token(parsed.id);
    const secret = parsed?.secret ?? "";
    const isPresent = tokenMatches(secret, token?.hash);
    const isPrevious = tokenMatches(secret, token?.previousHash ?? undefined);
    if (!token || !(isPresent || isPrevious) || token.revokedAt !== null) return undefined;
    const expiresAt = token.expiresAt ?? Number.POSITIVE_INFINITY;
    const until = isPresent ? expiresAt : Math.min(expiresAt, token.previousUntil ?? 0);
    return until > clock.now() ? { token, until } : undefined;
  }

  /** A token as the audit log names it. */
  function subjectOf(id: string): string {
    return tokenName({ id, name: store.token(id)?.name ?? "unknown" });
  }

  /** What rings whenever something may have happened to a token; its expiry rings by itself. */
  function changesOf({ id, hostId, vmId }: StoredToken) {
    if (hostId !== null) return changes.onCredential(hostId);
    if (vmId !== null) return changes.onVm(vmId);
    return changes.onToken(id);
  }

  return {
    authenticate(bearer) {
      const proved = prove(bearer);
      if (!proved) return undefined;
      touch(proved.token);
      return principalOf(proved.token, store.hostName);
    },

    whenInvalid(bearer, call) {
      let cancel = () => {};
      const look = () => {
        cancel();
        const proved = prove(bearer);
        if (proved) {
          if (proved.until === Number.POSITIVE_INFINITY) return;
          cancel = clock.after(proved.until - clock.now(), look);
        } else {
          stop();
          call();
        }
      };
      const proved = prove(bearer);
      const unsubscribe = proved ? changesOf(proved.token)(look) : () => {};
      const stop = () => {
        cancel();
        unsubscribe();
      };
      look();
      return stop;
    },

    async createToken(caller, input) {
      const { role, name, team, expiresInSeconds = role === "host-enrolment" ? A_DAY : undefined } = input;
      const { id, token, hash } = mintToken(identity.pin);
      const now = clock.now();
      const expiresAt = expiresInSeconds === undefined ? null : now + expiresInSeconds * 1000;
      const owner = teamFor(role, team);
      const enrolment = role === "host-enrolment" ? enrolmentColumns(input) : {};
      const stored = await store.addToken(
        { id, hash, kind: role, name, team: owner, ...enrolment, createdAt: now, expiresAt },
        actOf(caller, "token.create", tokenName({ id, name }), {
          role,
          team: owner,
          expiresAt: iso(expiresAt),
        }),
      );
      return { ...recordOf(stored, role, now), token };
    },

    listTokens: () =>
      store.listTokens().flatMap((token) => {
        const role = roleOf(token);
        return role === undefined ? [] : [recordOf(token, role, clock.now())];
      }),

    async rotateToken(caller, id, { graceSeconds }) {
      const { token, hash } = mintToken(identity.pin, id);
      const now = clock.now();
      const stored = await store.rotateToken(
        id,
        hash,
        now + graceSeconds * 1000,
        actOf(caller, "token.rotate", subjectOf(id), { graceSeconds }),
        now,
      );
      changes.tokenChanged(id);
      const role = roleOf(stored);
      if (role === undefined) throw new Error(`token ${id} has no role`);
      return { ...recordOf(stored, role, now), token };
    },

    async revokeToken(caller, id) {
      await store.revokeToken(id, actOf(caller, "token.revoke", subjectOf(id)), clock.now());
      changes.tokenChanged(id);
    },

    async enrolHost(caller, input) {
      const { principal } = caller;
      const { id, token, hash } = mintToken(identity.pin);
      const now = clock.now();
      const isCounted = principal.kind === "token" && principal.role === "host-enrolment";
      const subject = hostName(input.name);
      const enrolment = {
        ...input,
        by: isCounted ? principal.tokenId : null,
        credential: { id, hash, kind: "host" as const, name: subject, createdAt: now },
      };
      const act = actOf(caller, "host.enrol", subject, { machineId: input.machineId });
      const hostId = await refusals.watch(caller, "host.enrol", subject, () =>
        store.enrolHost(enrolment, act, now),
      );
      // The credential before is no longer valid.
      changes.credentialChanged(hostId);
      leases.speaks(hostId, undefined);
      // A host that is new is to be seen before it connects.
      changes.hostRoomChanged(hostId);
      return { name: input.name, credential: token };
    },

    async revokeHost(caller, name) {
      const act = actOf(caller, "host.revoke", hostName(name));
      const hostId = await store.revokeHost(name, act, clock.now());
      changes.credentialChanged(hostId);
      leases.end(hostId);
    },
  };
}

/** A CI system's token is always one team's. */
function teamFor(role: TokenRole, team: string | undefined): string | null {
  return team ?? (role === "ci" ? DEFAULT_TEAM : null);
}

function enrolmentColumns({ uses = 1, hostLabels = {} }: CreateToken) {
  return { maxUses: uses === "unlimited" ? null : uses, hostLabels };
}

function roleOf({ kind }: StoredToken): TokenRole | undefined {
  return kind === "host" || kind === "vm" ? undefined : kind;
}

function recordOf(token: StoredToken, role: TokenRole, now: number): TokenRecord {
  const { id, name, team, previousUntil, createdAt, expiresAt, lastUsedAt, revokedAt } = token;
  return {
    id,
    role,
    name,
    team,
    createdAt: isoOf(createdAt),
    expiresAt: iso(expiresAt),
    previousUntil: previousUntil !== null && previousUntil > now ? isoOf(previousUntil) : null,
    lastUsedAt: iso(lastUsedAt),
    revokedAt: iso(revokedAt),
    enrolment:
      role === "host-enrolment"
        ? { uses: token.uses, maxUses: token.maxUses, hostLabels: token.hostLabels ?? {} }
        : null,
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
