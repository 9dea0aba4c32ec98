import { judge, mayClose, pauseMs, probeSays, type Outcome } from "../domain/breaker.ts";
import type { Cordon } from "../domain/cordon.ts";
import type { HostRoom } from "../domain/scheduling/host-room.ts";
import type { Vm } from "../domain/vm.ts";
import type { KeptPhase } from "../store/phase-times.ts";
import type { Act } from "../store/audit.ts";
import { ITSELF, ownAct } from "./acts.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";

/** How many of a host's and of an image's newest attempts are looked at. */
const LOOKED_AT = 12;
/** So many sessions of a host's agent within so long are one that crashes again and again. */
const SESSIONS = 10;
const SESSIONS_WITHIN_MS = 5 * 60_000;

/** What failures say of hosts. In memory: after a restart everybody is trusted again, but for who is cordoned. */
export interface Suspicions {
  of(hostId: number): Pick<HostRoom, "isSuspect" | "suspectImages">;
  /** @returns whether the host was suspected of something, or is now */
  set(hostId: number, suspicion: Pick<HostRoom, "isSuspect" | "suspectImages">): boolean;
}

const NONE: ReturnType<Suspicions["of"]> = { isSuspect: false, suspectImages: new Set() };

export function makeSuspicions(): Suspicions {
  const known = new Map<number, ReturnType<Suspicions["of"]>>();
  return {
    of: (hostId) => known.get(hostId) ?? NONE,
    set(hostId, suspicion) {
      const isSuspected = suspicion.isSuspect || suspicion.suspectImages.size > 0;
      if (isSuspected) known.set(hostId, suspicion);
      return isSuspected || known.delete(hostId);
    },
  };
}

/**
 * The circuit breaker: a host that fails attempt after attempt is cordoned, rests, and is tried with one VM, which
 * decides whether it is sound again. What is to blame, host or image, `domain/breaker.ts` says.
 */
export function startBreaker(
  parts: Pick<Parts, "store" | "changes" | "history" | "leases" | "clock" | "config">,
  {
    suspicions,
    patience,
    cordonsChanged,
  }: { suspicions: Suspicions; patience: Patience; cordonsChanged(): void },
): { sessionOpened(hostId: number): void; stop(): void } {
  const { store, changes, history, leases, clock, config } = parts;
  const sessions = new Map<number, number[]>();

  function heard({ hostId, attempt, vmId, verdict }: KeptPhase): void {
    if (hostId === null) return;
    patience.keepTrying(async () => {
      const host = store.hostById(hostId);
      if (!host) return;
      const { cordon } = host;
      if (cordon?.breaker?.probingSince != null) {
        const placed = store.placeOf(vmId, attempt)?.at;
        if (placed !== undefined && placed >= cordon.breaker.probingSince)
          await probed(hostId, host.name, cordon, verdict);
        return;
      }
      const now = clock.now();
      const elsewhere = (image: string): Outcome[] =>
        history.attempts({ image }, LOOKED_AT).filter((outcome) => outcome.hostId !== hostId);
      const { open, ...suspicion } = judge(history.attempts({ hostId }, LOOKED_AT), elsewhere, now);
      if (suspicions.set(hostId, suspicion)) changes.hostRoomChanged(hostId);
      if (open !== undefined && cordon === null) await trip(hostId, host.name, open, 1);
    });
  }

  /** A host that is there and does not remove what it is told to, with the stop ladder's last rung, is broken. */
  function hung({ id, hostId, state, stateSince }: Vm): void {
    const lastsMs = clock.now() - stateSince;
    const stopMs = config.stopTimeoutSeconds * 1000;
    // Once: a stop that is overdue is noted again and again.
    const isSecondTime = lastsMs >= 2 * stopMs && lastsMs < 3 * stopMs;
    if (state !== "stopping" || hostId === null || !isSecondTime || !leases.isConnected(hostId)) return;
    patience.keepTrying(async () => {
      const host = store.hostById(hostId);
      if (!host || host.cordon !== null) return;
      await trip(hostId, host.name, `it has not removed VM ${id} for ${Math.round(lastsMs / 1000)} s`, 1);
    });
  }

  async function trip(hostId: number, name: string, why: string, trips: number): Promise<void> {
    const now = clock.now();
    const closed = store
      .cordons()
      .filter((other) => other.hostId !== hostId && leases.isConnected(other.hostId)).length;
    if (!mayClose(leases.connectedCount(), closed)) {
      await store.recordAct(ownAct("host.breaker_held", name, { why }), now);
      return;
    }
    const probeAt = now + pauseMs(trips, config.breakerRestSeconds * 1000);
    await put(
      hostId,
      name,
      {
        by: ITSELF,
        reason: why,
        since: now,
        until: null,
        drain: null,
        breaker: { trips, probeAt, probingSince: null },
      },
      ownAct("host.breaker_opened", name, { why, trips, probeAt }),
    );
  }

  async function probed(
    hostId: number,
    name: string,
    cordon: Cordon,
    verdict: KeptPhase["verdict"],
  ): Promise<void> {
    const says = probeSays(verdict);
    if (says === "sound") {
      suspicions.set(hostId, NONE);
      await put(
        hostId,
        name,
        null,
        ownAct("host.breaker_closed", name, { trips: cordon.breaker?.trips ?? 0 }),
      );
    }
    if (says === "broken") {
      await trip(
        hostId,
        name,
        `${cordon.reason}; its probe failed, too (${verdict})`.slice(0, 500),
        (cordon.breaker?.trips ?? 0) + 1,
      );
    }
  }

  async function put(hostId: number, name: string, cordon: Cordon | null, act: Act): Promise<void> {
    await store.setCordon(name, cordon, act, clock.now());
    changes.hostRoomChanged(hostId);
    cordonsChanged();
  }

  if (config.breakerRestSeconds === 0) return { sessionOpened() {}, stop() {} };
  const unsubscribes = [
    history.onVerdict(heard),
    changes.onApplied(({ vm, event }) => {
      if (event?.source === "timer") hung(vm);
    }),
  ];
  return {
    sessionOpened(hostId) {
      const now = clock.now();
      const recent = [...(sessions.get(hostId) ?? []), now].filter((at) => now - at < SESSIONS_WITHIN_MS);
      sessions.set(hostId, recent);
      if (recent.length < SESSIONS) return;
      sessions.delete(hostId);
      patience.keepTrying(async () => {
        const host = store.hostById(hostId);
        if (!host || host.cordon !== null) return;
        await trip(
          hostId,
          host.name,
          `its agent connected ${recent.length} times within ${SESSIONS_WITHIN_MS / 60_000} minutes`,
          1,
        );
      });
    },
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}
