import { and, asc, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { Resolution, Vm, VmSpec } from "../domain/vm.ts";
import type { Db } from "./database.ts";
import { preparedRead } from "./prepared.ts";
import { attempts, hosts, vms } from "./schema.ts";

export type HostRow = typeof hosts.$inferSelect;

/** A host and what is on it. Times are milliseconds. */
export interface StoredHost extends HostRow {
  /** Attempts whose instance was not seen gone yet. */
  occupants: Occupant[];
}

/** An attempt on a host, with what of its VM the scheduler counts. */
export interface Occupant {
  vmId: string;
  name: string;
  attempt: number;
  /** null for a Linux VM. */
  slot: number | null;
  want: "running" | "gone";
  placedAt: number;
  team: string;
  spec: VmSpec;
  resolution: Resolution | null;
  imageDigest: string | null;
  state: Vm["state"];
  /** Why it ends, or ended. */
  endReason: NonNullable<Vm["end"]>["reason"] | null;
}

/** A host's row alone, also of one that was taken out of the fleet. */
export const hostRow = preparedRead((db) =>
  db
    .select()
    .from(hosts)
    .where(eq(hosts.id, sql.placeholder("hostId"))),
);

const occupantRows = (db: Db, which?: SQL) =>
  db
    .select({
      hostId: attempts.hostId,
      vmId: attempts.vmId,
      name: vms.name,
      attempt: attempts.attempt,
      slot: attempts.slot,
      want: attempts.want,
      placedAt: attempts.createdAt,
      team: vms.team,
      spec: vms.spec,
      resolution: vms.resolution,
      imageDigest: vms.imageDigest,
      state: vms.state,
      endReason: vms.endReason,
    })
    .from(attempts)
    .innerJoin(vms, eq(vms.id, attempts.vmId))
    .where(and(isNull(attempts.goneAt), which));

const occupantsOf = preparedRead((db) => occupantRows(db, eq(attempts.hostId, sql.placeholder("hostId"))));
const allOccupants = preparedRead((db) => occupantRows(db));

const present = (db: Db, which?: SQL) =>
  db
    .select()
    .from(hosts)
    .where(and(isNull(hosts.removedAt), which))
    .orderBy(asc(hosts.name));

const presentById = preparedRead((db) => present(db, eq(hosts.id, sql.placeholder("hostId"))));
const presentByName = preparedRead((db) => present(db, eq(hosts.name, sql.placeholder("name"))));
const allPresent = preparedRead((db) => present(db));

/** The fleet's hosts, by name. */
export function allHosts(db: Db): StoredHost[] {
  const byHost = Map.groupBy(allOccupants(db).all(), ({ hostId }) => hostId);
  return allPresent(db)
    .all()
    .map((row) => ({ ...row, occupants: (byHost.get(row.id) ?? []).map(withoutHost) }));
}

export const hostsById = (db: Db, hostId: number): StoredHost[] =>
  presentById(db).all({ hostId }).map(occupied(db));

export const hostsByName = (db: Db, name: string): StoredHost[] =>
  presentByName(db).all({ name }).map(occupied(db));

const occupied =
  (db: Db) =>
  (row: HostRow): StoredHost => ({
    ...row,
    occupants: occupantsOf(db).all({ hostId: row.id }).map(withoutHost),
  });

const withoutHost = ({ hostId, ...occupant }: Occupant & { hostId: number }): Occupant => occupant;
