import {
  CallError,
  DEFAULT_TEAM,
  type Capacity,
  type CapacityQuery,
  type HistoryAnswer,
  type HistoryQuery,
  type HostRecord,
  type ListVmsQuery,
  type SlotReport,
  type SlotReportQuery,
  type TeamRecord,
  type VmPage,
} from "@tartfleet/shared";
import type { Principal, UseCases } from "../engine/use-cases.ts";
import { teamBoundOf } from "./authorize.ts";

/* What lists show to a token of a team: its own VMs, and of other teams' no more than that slots are taken. */

export function listVmsFor(
  useCases: Pick<UseCases, "listVms">,
  principal: Principal,
  query: ListVmsQuery,
): VmPage {
  const bound = teamBoundOf(principal);
  if (bound === null) return useCases.listVms(query);
  if (query.team !== undefined && query.team !== bound) return { vms: [], nextCursor: null };
  return useCases.listVms({ ...query, team: bound });
}

export function hostFor(
  useCases: Pick<UseCases, "teamOfVm">,
  principal: Principal,
  host: HostRecord,
): HostRecord {
  const bound = teamBoundOf(principal);
  if (bound === null) return host;
  const isOurs = (vmId: string) => useCases.teamOfVm(vmId) === bound;
  return {
    ...host,
    slots: host.slots.map((slot) =>
      slot.vmId === null || isOurs(slot.vmId) ? slot : { ...slot, vmId: null, attempt: null },
    ),
    linuxVms: host.linuxVms.filter(({ vmId }) => isOurs(vmId)),
  };
}

/** A token of a team sees that team's share alone. */
export function teamsFor(
  useCases: Pick<UseCases, "listTeams" | "getTeam">,
  principal: Principal,
): TeamRecord[] {
  const bound = teamBoundOf(principal);
  return bound === null ? useCases.listTeams() : [useCases.getTeam(bound)];
}

export function teamFor(useCases: Pick<UseCases, "getTeam">, principal: Principal, name: string): TeamRecord {
  const bound = teamBoundOf(principal);
  if (bound !== null && bound !== name) {
    throw new CallError("team_not_found", `This token is of team ${bound} and sees that team alone.`);
  }
  return useCases.getTeam(name);
}

/** @throws CallError forbidden when a token of a team asks for another team */
export function capacityFor(
  useCases: Pick<UseCases, "capacity">,
  principal: Principal,
  query: CapacityQuery,
): Capacity {
  const bound = teamBoundOf(principal);
  if (bound !== null && query.team !== undefined && query.team !== bound) {
    throw new CallError(
      "forbidden",
      `This token is of team ${bound} and may not ask for team ${query.team}.`,
    );
  }
  return useCases.capacity(query, query.team ?? bound ?? DEFAULT_TEAM);
}

/** @throws CallError forbidden when a token of a team asks for more than how long that team's VMs waited */
export function historyFor(
  useCases: Pick<UseCases, "history">,
  principal: Principal,
  query: HistoryQuery,
): HistoryAnswer {
  const bound = teamBoundOf(principal);
  if (bound === null) return useCases.history(query);
  if (query.by !== "team" || (query.team ?? bound) !== bound) {
    throw new CallError(
      "forbidden",
      `This token is of team ${bound} and sees that team's waits alone: ask for series=wait and by=team.`,
    );
  }
  return useCases.history({ ...query, team: bound });
}

/** @throws CallError forbidden when a token of a team asks for another team, or for hosts */
export function slotReportFor(
  useCases: Pick<UseCases, "slotReport">,
  principal: Principal,
  query: SlotReportQuery,
): SlotReport {
  const bound = teamBoundOf(principal);
  if (bound === null) return useCases.slotReport(query);
  if ((query.team ?? bound) !== bound || query.by.includes("host")) {
    throw new CallError(
      "forbidden",
      `This token is of team ${bound} and sees that team's slot-minutes alone, and none by host.`,
    );
  }
  return useCases.slotReport({ ...query, team: bound });
}
