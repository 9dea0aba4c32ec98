import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { CallError, isTerminal } from "@tartfleet/shared";
import type { CreateVm, VmEvent, VmPage, VmRecord, VmState } from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";

/** The stand-in's VMs and their histories. */
export function makeVms() {
  const vms = new Map<string, VmRecord>();
  const events: VmEvent[] = [];
  const keys = new Map<string, { body: string; id: string }>();
  const changed = new EventEmitter().setMaxListeners(0);

  function get(id: string | undefined): VmRecord {
    const vm = vms.get(id ?? "");
    if (!vm) throw new CallError("vm_not_found", `There is no VM with the id ${id}.`);
    return vm;
  }

  function record(vm: VmRecord, type: VmEvent["type"], message: string): void {
    vms.set(vm.id, vm);
    events.push({
      id: events.length + 1,
      vmId: vm.id,
      at: new Date().toISOString(),
      type,
      state: vm.state,
      attempt: vm.attempt,
      source: type === "accepted" ? "client" : "host",
      message,
      data: {},
    });
    changed.emit("vm");
  }

  return {
    get,

    accept(body: CreateVm, key?: string): { vm: VmRecord; created: boolean } {
      const text = JSON.stringify(body);
      const known = key === undefined ? undefined : keys.get(key);
      if (known) {
        if (known.body !== text)
          throw new CallError("idempotency_conflict", "The key came with another body.");
        return { vm: get(known.id), created: false };
      }
      const taken = [...vms.values()].some(({ name, endedAt }) => name === body.name && endedAt === null);
      if (taken) throw new CallError("name_taken", `A live VM is named ${body.name}.`);
      const id = `vm${String(vms.size + 1).padStart(14, "0")}`;
      const vm = aVm({ id, createdAt: new Date().toISOString() }, body);
      if (key !== undefined) keys.set(key, { body: text, id: vm.id });
      record(vm, "accepted", "Accepted.");
      return { vm, created: true };
    },

    /** The next state with its event, and whatever else changes with it. */
    move(id: string, state: VmState, change: Partial<VmRecord> = {}, message = `Now ${state}.`): void {
      const now = new Date().toISOString();
      const placed = state === "assigned" ? { host: "mac-1", slot: 0, attempt: 1, assignedAt: now } : {};
      const vm: VmRecord = {
        ...get(id),
        state,
        stateSince: now,
        ...placed,
        ...(state === "ready" ? { readyAt: now, ip: "192.168.64.7" } : {}),
        ...(isTerminal(state) ? { endedAt: now } : {}),
        ...change,
      };
      record(vm, "state", message);
    },

    /** What changes without an event. */
    change: (id: string, change: Partial<VmRecord>) => void vms.set(id, { ...get(id), ...change }),

    events: (id: string, after: number) => events.filter((event) => event.vmId === id && event.id > after),

    onChange(listener: () => void): () => void {
      changed.on("vm", listener);
      return () => void changed.off("vm", listener);
    },

    /** Newest first, with the API's filters that the tests use; a cursor is the last id of the page before. */
    page(query: URLSearchParams): VmPage {
      const states = query.get("state")?.split(",");
      const jobId = query.get("jobId");
      const all = [...vms.values()]
        .reverse()
        .filter((vm) => (!states || states.includes(vm.state)) && (jobId === null || vm.jobId === jobId));
      const cursor = query.get("cursor");
      const start = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
      const rest = all.slice(start);
      const page = rest.slice(0, Number(query.get("limit") ?? 100));
      return { vms: page, nextCursor: page.length < rest.length ? (page.at(-1)?.id ?? null) : null };
    },

    async wait(id: string, goal: string | null, pollMs: number): Promise<VmRecord> {
      const over = new AbortController();
      const timer = sleep(pollMs, undefined, { signal: over.signal }).catch(() => {});
      const reached = () => isTerminal(get(id).state) || (goal === "ready" && get(id).readyAt !== null);
      const change = (async () => {
        while (!reached()) await once(changed, "vm", { signal: over.signal });
      })().catch(() => {});
      await Promise.race([timer, change]);
      over.abort();
      return get(id);
    },
  };
}
