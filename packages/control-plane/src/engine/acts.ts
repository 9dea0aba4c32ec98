import type { AuditDetails } from "@tartfleet/shared";
import type { Act } from "../store/audit.ts";
import type { Caller, Principal } from "./use-cases.ts";

/** What principals do, as it stands in the audit log. Refused acts have the name of what was not allowed. */
export type ActName =
  | "token.create"
  | "token.rotate"
  | "token.revoke"
  | "team.set"
  | "team.remove"
  | "pool.set"
  | "pool.remove"
  | "channel.set"
  | "channel.rollout"
  | "channel.rollback"
  | "channel.remove"
  | "channel.step"
  | "channel.completed"
  | "channel.rolled_back"
  | "image.prepull"
  | "image.prepull_ended"
  | "image.prepulled"
  | "image.prepull_failed"
  | "image.pin"
  | "image.unpin"
  | "image.prune"
  | "image.pruned"
  | "host.enrol"
  | "host.revoke"
  | "host.cordon"
  | "host.uncordon"
  | "host.drain"
  | "host.drain_overdue"
  | "host.breaker_opened"
  | "host.breaker_held"
  | "host.breaker_closed"
  | "host.probe"
  | "host.remove"
  | "host.connect"
  | "host.silent"
  | "host.returned"
  | "webhook.create"
  | "webhook.change"
  | "webhook.remove"
  | "webhook.rotate"
  | "webhook.test"
  | "webhook.replay"
  | "github.force"
  | "github.mute"
  | "github.remove_runner"
  | "azure.force"
  | "azure.mute"
  | "azure.remove_runner"
  | "circleci.force"
  | "circleci.mute"
  | "circleci.remove_runner"
  | "vm.create"
  | "vm.end"
  | "vm.announce"
  | "vm.tell"
  | "vm.bootstrap"
  | "vm.hold"
  | "vm.unhold"
  | "vm.tunnel"
  | "vm.tunnel_end";

/** A caller's act, for the audit log. */
export function actOf(
  { principal, address, requestId }: Caller,
  action: ActName,
  subject: string,
  details: AuditDetails = {},
): Act {
  return { actor: nameOf(principal), action, subject, outcome: "done", address, requestId, details };
}

/** How the control plane is named where nobody asked it to. */
export const ITSELF = "control plane";

/** The control plane's own doing, about a host. */
export function ownAct(action: ActName, host: string, details: AuditDetails): Act {
  return {
    actor: ITSELF,
    action,
    subject: hostName(host),
    outcome: "done",
    address: null,
    requestId: null,
    details,
  };
}

/** How a caller is named in history, ownership and the audit log. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case "token":
      return tokenName({ id: principal.tokenId, name: principal.name });
    case "host":
      return hostName(principal.hostName);
    case "vm":
      return vmName(principal.vmId);
    default:
      return principal satisfies never;
  }
}

export const tokenName = ({ id, name }: { id: string; name: string }): string => `token ${name} (${id})`;
export const teamName = (name: string): string => `team ${name}`;
export const channelName = (name: string): string => `channel ${name}`;
export const imageName = (reference: string): string => `image ${reference}`;
export const webhookName = (name: string): string => `webhook ${name}`;
export const poolName = (name: string): string => `pool ${name}`;
export const hostName = (name: string): string => `host ${name}`;
export const vmName = (id: string): string => `VM ${id}`;
