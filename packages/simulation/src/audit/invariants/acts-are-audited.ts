import { sha256 } from "@tartfleet/control-plane/src/store/audit.ts";
import { followAuditChain, type AuditChain, type AuditRecord } from "@tartfleet/shared";
import type { Invariant } from "../invariant.ts";
import type { View } from "../view.ts";

/** S9: the audit log is a whole chain, and has each act once, from the same transaction as what it did. */
export function actsAreAudited(): Invariant {
  let chain: AuditChain;
  let created: Map<string, number>;
  let epochs: Map<string, AuditRecord["details"][string] | undefined>;

  function forget(): void {
    chain = followAuditChain(sha256);
    created = new Map();
    epochs = new Map();
  }

  function hear({ audit }: View): string | undefined {
    for (const row of audit) {
      if (!chain.take(row)) return chain.end().fault?.message;
      const { action, subject, details } = row;
      if (action === "vm.create") created.set(subject, (created.get(subject) ?? 0) + 1);
      if (action === "host.remove") epochs.delete(subject);
      if (action === "host.connect") epochs.set(subject, details["epoch"]);
    }
    return undefined;
  }

  forget();
  return {
    name: "acts-are-audited",
    check(view) {
      const fault = hear(view);
      if (fault !== undefined) return fault;
      for (const id of view.vms.keys()) {
        const times = created.get(`VM ${id}`) ?? 0;
        if (times !== 1) return `VM ${id} was made once and is in the audit log ${times} times`;
      }
      for (const { name, epoch } of view.hosts) {
        const told = epochs.get(`host ${name}`) ?? 0;
        if (told !== epoch) return `host ${name} is in session ${epoch}, in the audit log ${String(told)}`;
      }
      return undefined;
    },
    onRestored(view) {
      forget();
      hear(view);
      // A restore fences sessions by itself; that is nobody's act.
      epochs = new Map(view.hosts.map(({ name, epoch }) => [`host ${name}`, epoch]));
    },
  };
}
