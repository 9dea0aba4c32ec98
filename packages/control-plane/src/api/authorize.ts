import { CallError } from "@tartfleet/shared";
import type { TokenRole } from "@tartfleet/shared";
import type { Caller, Principal, UseCases } from "../engine/use-cases.ts";
import { vmNotFound } from "../engine/vms.ts";

/** Who asks: the role of a person's or CI system's token, or a host or a VM with its own. */
export type Speaker = TokenRole | "host" | "vm";

/** "team": any VM when the token is of no team, else that team's alone. "own": a VM for itself alone. */
type Reach = "any" | "team" | "own";

/**
 * Who may do what (architecture §4.4). What is not written is refused. Hosts and VMs are the only ones who
 * speak as themselves; not even an admin may say a guest's word for it.
 */
export const RULES = {
  "vm.create": { admin: "any", ci: "any" },
  "vm.read": { admin: "any", ci: "team", viewer: "team" },
  "vm.end": { admin: "any", ci: "team", vm: "own" },
  "vm.tell": { vm: "own" },
  "vm.hold": { admin: "any", ci: "team" },
  "vm.enter": { admin: "any", ci: "team" },
  "vm.logs": { admin: "any", ci: "team", viewer: "team" },
  "host.read": { admin: "any", ci: "any", viewer: "any" },
  "host.enrol": { admin: "any", "host-enrolment": "any" },
  "host.revoke": { admin: "any" },
  "host.manage": { admin: "any" },
  "fleet.watch": { admin: "any", ci: "any", viewer: "any" },
  "capacity.read": { admin: "any", ci: "any", viewer: "any" },
  "metrics.read": { admin: "any", viewer: "any" },
  "image.read": { admin: "any", ci: "any", viewer: "any" },
  "image.manage": { admin: "any" },
  "team.read": { admin: "any", ci: "team", viewer: "team" },
  "channel.read": { admin: "any", ci: "any", viewer: "any" },
  "channel.manage": { admin: "any" },
  "pool.read": { admin: "any", ci: "any", viewer: "any" },
  "pool.manage": { admin: "any" },
  "team.manage": { admin: "any" },
  "token.manage": { admin: "any" },
  "webhook.read": { admin: "any" },
  "webhook.manage": { admin: "any" },
  "agent.speak": { host: "any" },
  "report.read": { admin: "any", viewer: "team" },
  "history.read": { admin: "any", viewer: "team" },
  "audit.read": { admin: "any" },
} as const satisfies Record<string, Partial<Record<Speaker, Reach>>>;

export type Action = keyof typeof RULES;

function speakerOf(principal: Principal): Speaker {
  return principal.kind === "token" ? principal.role : principal.kind;
}

function reachOf(principal: Principal, action: Action): Reach | undefined {
  const rule: Partial<Record<Speaker, Reach>> = RULES[action];
  return rule[speakerOf(principal)];
}

/**
 * The one team whose VMs a principal may know of; null when it may know of all. Admins are never bound: who
 * can make any token is held by no team.
 */
export function teamBoundOf(principal: Principal): string | null {
  return principal.kind === "token" && principal.role !== "admin" ? principal.team : null;
}

/**
 * Throws `forbidden` unless the table allows it; the answer is the same whether the VM exists or not. What was
 * refused stands in the audit log.
 *
 * @param vmId the VM that the action is about, for those that only it may do
 */
export function authorize(
  useCases: Pick<UseCases, "noteRefusal">,
  caller: Caller,
  action: Action,
  vmId?: string,
): void {
  const { principal } = caller;
  const reach = reachOf(principal, action);
  const isAllowed =
    reach === "own" ? principal.kind === "vm" && principal.vmId === vmId : reach !== undefined;
  if (isAllowed) return;
  useCases.noteRefusal(caller, action, subjectOf(vmId), "forbidden");
  const speaker = speakerOf(principal);
  throw new CallError(
    "forbidden",
    speaker === "vm"
      ? "A VM's token may only tell of that VM's own job and end it"
      : `A ${speaker} token may not do this (${action}); use one that may`,
  );
}

/** As `authorize`, for a call about one VM: another team's is, to the caller, a VM that does not exist. */
export function authorizeForVm(
  useCases: Pick<UseCases, "teamOfVm" | "noteRefusal">,
  caller: Caller,
  action: Action,
  vmId: string,
): void {
  authorize(useCases, caller, action, vmId);
  const { principal } = caller;
  if (reachOf(principal, action) !== "team") return;
  const bound = teamBoundOf(principal);
  if (bound === null) return;
  const team = useCases.teamOfVm(vmId);
  if (team === bound) return;
  if (team !== undefined) useCases.noteRefusal(caller, action, subjectOf(vmId), "vm_not_found");
  throw vmNotFound(vmId);
}

function subjectOf(vmId: string | undefined): string {
  return vmId === undefined ? "control plane" : `VM ${vmId}`;
}
