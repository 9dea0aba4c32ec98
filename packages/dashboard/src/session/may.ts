import type { Action } from "@tartfleet/control-plane/src/api/authorize.ts";
import type { Session } from "./session.ts";

/** What people do here, by who may; the control plane decides, this only hides what it would refuse. */
export const ALLOWED = {
  "vm.end": ["admin", "ci"],
  "host.manage": ["admin"],
  "image.manage": ["admin"],
  "channel.manage": ["admin"],
  "pool.manage": ["admin"],
  "team.manage": ["admin"],
  "token.manage": ["admin"],
  "webhook.read": ["admin"],
  "audit.read": ["admin"],
  "history.read": ["admin", "viewer"],
  "report.read": ["admin", "viewer"],
} as const satisfies Partial<Record<Action, readonly Session["role"][]>>;

export type Act = keyof typeof ALLOWED;

export function may({ role }: Pick<Session, "role">, act: Act): boolean {
  const roles: readonly string[] = ALLOWED[act];
  return roles.includes(role);
}
