import {
  BRING_UP_STATES,
  CallError,
  instanceName,
  SLOTS_PER_HOST,
  type Assignment,
  type AssignmentSet,
  type AttemptRef,
  type Hello,
  type HostFacts,
} from "@tartfleet/shared";
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import { imageOf, type Vm, type VmSpec } from "../domain/vm.ts";
import { NEEDS_SECRETS, readVm } from "./apply.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Database, Db } from "./database.ts";
import { endCredentials, enrolHost, markCredentialUsed, type Enrolment } from "./enrolment.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { allHosts, hostRow, hostsById, hostsByName, type HostRow, type StoredHost } from "./host-rows.ts";
import { placeholders, preparedRead, preparedWrite } from "./prepared.ts";
import { attempts, hosts, tokens, vms } from "./schema.ts";
import { attemptOn, namesakeOf, thatAttempt } from "./taken.ts";

/** What an agent tells of its host when it connects or when something changed. */
export interface Seen {
  facts?: HostFacts | undefined;
  instances?: Hello["instances"] | undefined;
}

/** Intents and reads about hosts and their agents' sessions. */
export function makeHostStore({ db, logId }: Database, commit: Commit, write: WriteAct) {
  return {
    /** @throws CallError as `enrolHost` does */
    enrolHost: (enrolment: Enrolment, act: Act, now: number): Promise<number> =>
      commit((tx) => {
        write(act, now);
        return enrolHost(tx, enrolment, now);
      }),

    /**
     * Ends the credential of a host; returns its id.
     *
     * @throws CallError host_not_found
     */
    revokeHost: (name: string, act: Act, now: number): Promise<number> =>
      commit((tx) => {
        const hostId = hostNamed(tx, name);
        if (endCredentials(tx, hostId, now)) write(act, now);
        return hostId;
      }),

    /**
     * A new session of the host's agent; older ones are fenced by its epoch.
     *
     * @throws CallError host_identity_conflict when the machine is not the one that was enrolled
     */
    openSession: (
      hostId: number,
      machineId: string,
      seen: Seen,
      act: Act,
      now: number,
    ): Promise<{ epoch: number }> =>
      commit((tx) => {
        const host = requireHost(tx, hostId);
        if (host.removedAt !== null) throw outOfFleet();
        if (host.machineId !== machineId) {
          throw new CallError(
            "host_identity_conflict",
            `Host ${host.name} was enrolled by another machine. Enrol this one under a name of its own.`,
          );
        }
        const epoch = host.epoch + 1;
        tx.update(hosts)
          .set({ epoch, lastSeenAt: now, ...seenColumns(tx, host, seen) })
          .where(eq(hosts.id, hostId))
          .run();
        markCredentialUsed(tx, hostId, now);
        write({ ...act, details: { ...act.details, epoch } }, now);
        return { epoch };
      }),

    /** @throws CallError session_fenced */
    updateSeen: (hostId: number, epoch: number, seen: Seen, now: number): Promise<void> =>
      commit((tx) => {
        requireSession(tx, hostId, epoch);
        tx.update(hosts)
          .set({ lastSeenAt: now, ...seenColumns(tx, requireHost(tx, hostId), seen) })
          .where(eq(hosts.id, hostId))
          .run();
      }),

    /** Writes down when a host was last heard of, once it has fallen silent. */
    recordSilence: (hostId: number, at: number, act: Act, now: number): Promise<void> =>
      commit((tx) => {
        write(act, now);
        tx.update(hosts)
          .set({ lastSeenAt: sql`max(coalesce(${hosts.lastSeenAt}, 0), ${at})` })
          .where(eq(hosts.id, hostId))
          .run();
      }),

    /**
     * Adds a token for the attempt's guest and returns what it is to be set up with: of the attempt that has the
     * instance which is named after the given one. An agent may ask again
     * until the guest is set up, since an answer can be lost; from then on nobody gets it any more.
     *
     * @throws CallError session_fenced, attempt_not_current
     */
    bootstrap: (
      hostId: number,
      epoch: number,
      named: AttemptRef,
      made: (about: AttemptRef) => { token: GuestToken; act: Act },
    ): Promise<{ vm: Vm; secrets: Buffer | null }> =>
      commit((tx) => {
        requireSession(tx, hostId, epoch);
        const about = attemptOn(tx, hostId, named) ?? named;
        const vm = readVm(tx, about.vmId);
        const wanted = wantedOn(tx).get({ ...about, hostId });
        if (!vm || !wanted || !NEEDS_SECRETS.has(vm.state) || vm.spec.pool !== undefined) {
          throw new CallError(
            "attempt_not_current",
            `Attempt ${about.attempt} of VM ${about.vmId} is not to be set up on this host ${vm?.spec.pool === undefined ? "any more" : "yet"}.`,
          );
        }
        const { token, act } = made(about);
        insertGuestToken(tx)({ ...token });
        write({ ...act, details: { ...act.details, runner: vm.spec.runnerKind } }, token.createdAt);
        return { vm, secrets: wanted.secrets };
      }),

    assignments: (hostId: number): AssignmentSet => ({
      logId,
      revision: requirePresent(sessionOf(db).get({ hostId })).revision,
      assignments: assignments(db, hostId),
    }),

    /** @throws CallError session_fenced when a newer session speaks for the host */
    requireSession: (hostId: number, epoch: number): void => requireSession(db, hostId, epoch),

    host: (name: string): StoredHost | undefined => hostsByName(db, name)[0],
    hostById: (hostId: number): StoredHost | undefined => hostsById(db, hostId)[0],
    hosts: (): StoredHost[] => allHosts(db),
    hostRow: (hostId: number): HostRow => requireHost(db, hostId),
    hostName: (hostId: number): string => requirePresent(sessionOf(db).get({ hostId })).name,
  };
}

const requireHost = (tx: Tx, hostId: number): HostRow => requirePresent(hostRow(tx).get({ hostId }));

function requirePresent<Host>(host: Host | undefined): Host {
  if (!host) throw outOfFleet();
  return host;
}

/** What every call of an agent is looked at by: without the host's facts, which take longest to read. */
const sessionOf = preparedRead((db) =>
  db
    .select({ name: hosts.name, epoch: hosts.epoch, revision: hosts.revision, removedAt: hosts.removedAt })
    .from(hosts)
    .where(eq(hosts.id, sql.placeholder("hostId"))),
);

const wantedOn = preparedRead((db) =>
  db
    .select({ secrets: vms.secrets })
    .from(attempts)
    .innerJoin(vms, eq(vms.id, attempts.vmId))
    .where(and(thatAttempt, eq(attempts.hostId, sql.placeholder("hostId")), eq(attempts.want, "running"))),
);

/** A token for an attempt's guest. */
export interface GuestToken extends AttemptRef {
  id: string;
  hash: string;
  name: string;
  createdAt: number;
}

const insertGuestToken = preparedWrite((db) =>
  db.insert(tokens).values({
    ...placeholders(["id", "hash", "name", "vmId", "attempt", "createdAt"]),
    kind: "vm",
  }),
);

/**
 * The id of the fleet's host of a name.
 *
 * @throws CallError host_not_found
 */
export function hostNamed(tx: Pick<Tx, "select">, name: string): number {
  const host = tx
    .select({ id: hosts.id })
    .from(hosts)
    .where(and(eq(hosts.name, name), isNull(hosts.removedAt)))
    .get();
  if (!host) throw new CallError("host_not_found", `There is no host named ${name}.`);
  return host.id;
}

function outOfFleet(): CallError {
  return new CallError(
    "host_not_found",
    "This credential's host is no longer part of the fleet. Enrol again.",
  );
}

/** @throws CallError session_fenced when a newer session speaks for the host */
export function requireSession(tx: Tx, hostId: number, epoch: number): void {
  const host = requirePresent(sessionOf(tx).get({ hostId }));
  if (host.removedAt !== null) throw outOfFleet();
  if (host.epoch !== epoch) {
    throw new CallError(
      "session_fenced",
      `A newer agent session speaks for host ${host.name} (session ${host.epoch}, this is ${epoch}).`,
    );
  }
}

/**
 * Phantoms are macOS instances that run although no attempt accounts for them: foreign ones, leftovers of
 * ours that nobody wants any more, and what the host itself found leaked.
 */
function seenColumns(tx: Tx, host: HostRow, seen: Seen): Partial<HostRow> {
  const facts = seen.facts ?? host.facts;
  if (!facts) return {};
  const foreign = facts.foreign.filter((vm) => vm.running && vm.os === "macos").length;
  const occupied = new Set(
    tx
      .select({ vmId: attempts.vmId, attempt: attempts.attempt, instance: attempts.instance })
      .from(attempts)
      .where(and(eq(attempts.hostId, host.id), isNull(attempts.goneAt)))
      .all()
      .map(({ vmId, attempt, instance }) => instance ?? instanceName(vmId, attempt)),
  );
  const leftovers = (seen.instances ?? []).filter(
    (instance) =>
      instance.running &&
      instance.os === "macos" &&
      !occupied.has(instanceName(instance.vmId, instance.attempt)),
  ).length;
  return { facts, phantoms: Math.min(SLOTS_PER_HOST, Math.max(foreign + leftovers, facts.phantomSlots)) };
}

const attemptsOn = preparedRead((db) =>
  db
    .select({
      vmId: attempts.vmId,
      attempt: attempts.attempt,
      instance: attempts.instance,
      want: attempts.want,
      name: vms.name,
      spec: vms.spec,
      resolution: vms.resolution,
      imageDigest: vms.imageDigest,
      state: vms.state,
      present: vms.attempt,
    })
    .from(attempts)
    .innerJoin(vms, eq(vms.id, attempts.vmId))
    .where(and(eq(attempts.hostId, sql.placeholder("hostId")), isNull(attempts.goneAt)))
    .orderBy(asc(attempts.createdAt), asc(vms.seq)),
);

function assignments(db: Db, hostId: number): Assignment[] {
  return attemptsOn(db)
    .all({ hostId })
    .map((row) => {
      const { spec, want, name } = row;
      return {
        ...namesakeOf(row),
        want,
        name,
        os: spec.os,
        image: imageOf(row),
        cpu: spec.cpu ?? null,
        memoryMiB: spec.memoryMiB ?? null,
        diskGiB: spec.diskGiB ?? null,
        run: spec.run,
        runnerKind: spec.runnerKind,
        ...(spec.pool === undefined ? {} : { warm: true }),
        ...limitsOf(spec),
        reached: row.present === row.attempt ? reached(row) : null,
      };
    });
}

/** What the request says of its phases that the agent has limits of its own for. */
function limitsOf({ budgetsMs }: VmSpec): Pick<Assignment, "pullStallSeconds" | "bootSeconds"> {
  const { pulling, booting } = budgetsMs ?? {};
  return {
    ...(pulling === undefined ? {} : { pullStallSeconds: pulling / 1000 }),
    ...(booting === undefined ? {} : { bootSeconds: booting / 1000 }),
  };
}

function reached(vm: Pick<Vm, "state">): Assignment["reached"] {
  if (vm.state === "draining") return "ready";
  return BRING_UP_STATES.find((state) => state === vm.state) ?? null;
}
