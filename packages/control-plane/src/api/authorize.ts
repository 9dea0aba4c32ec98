import { CallError } from "@tartfleet/shared";
import type { TokenRole } from "@tartfleet/shared";
import type { Principal } from "../engine/use-cases.ts";

/** Who asks: the role of a person's or CI system's token, or a host or a VM with its own. */
export type Speaker = TokenRole | "host" | "vm";

/**
 * Who may do what. "own": a VM for itself alone (architecture §4.4). What is not written is refused.
 * Hosts and VMs are the only ones who speak as themselves; not even an admin may say a guest's word for it.
 */
export const RULES = {
  "vm.create": { admin: "any", ci: "any" },
  "vm.read": { admin: "any", ci: "any", viewer: "any" },
  "vm.end": { admin: "any", ci: "any", vm: "own" },
  "vm.tell": { vm: "own" },
  "host.read": { admin: "any", ci: "any", viewer: "any" },
  "host.enrol": { admin: "any", "host-enrolment": "any" },
  "capacity.read": { admin: "any", ci: "any", viewer: "any" },
  "token.manage": { admin: "any" },
  "agent.speak": { host: "any" },
} as const satisfies Record<string, Partial<Record<Speaker, "any" | "own">>>;

export type Action = keyof typeof RULES;

function speakerOf(principal: Principal): Speaker {
  return principal.kind === "token" ? principal.role : principal.kind;
}

/** @param vmId the VM that the action is about, for actions on one VM */
export function isAllowed(principal: Principal, action: Action, vmId?: string): boolean {
  const rule: Partial<Record<Speaker, "any" | "own">> = RULES[action];
  const reach = rule[speakerOf(principal)];
  if (reach === "own") return principal.kind === "vm" && principal.vmId === vmId;
  return reach === "any";
}

/** Throws `forbidden` unless the table allows it; the answer is the same whether the VM exists or not. */
export function authorize(principal: Principal, action: Action, vmId?: string): void {
  if (isAllowed(principal, action, vmId)) return;
  const speaker = speakerOf(principal);
  throw new CallError(
    "forbidden",
    speaker === "vm"
      ? "A VM's token may only tell of that VM's own job and end it"
      : `A ${speaker} token may not do this (${action}); use one that may`,
  );
}
