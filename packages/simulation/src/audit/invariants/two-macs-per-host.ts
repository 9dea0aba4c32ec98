import type { Invariant } from "../invariant.ts";

/**
 * S1: never more than two macOS VMs on a host, by the database and by the host's own list. (That no agent
 * starts a third while it knows of two is seen where `tart run` is asked for.)
 */
export function twoMacsPerHost(): Invariant {
  return {
    name: "two-macs-per-host",
    check({ fleet, attempts, slots, hosts }) {
      for (const { machine } of fleet.hosts) {
        const running = [...machine.vms.values()].filter(({ os, run }) => os === "macos" && run?.isAdmitted);
        if (running.length > 2) {
          return `${machine.name} runs ${running.map(({ name }) => name).join(", ")}`;
        }
      }
      for (const { id, name } of hosts) {
        const held = attempts.filter(
          ({ hostId, slot, goneAt }) => hostId === id && slot !== null && goneAt === null,
        );
        if (new Set(held.map(({ slot }) => slot)).size !== held.length || held.length > 2) {
          return `the database has ${held.length} attempts in the slots of ${name}`;
        }
        const known = slots.filter(({ hostId }) => hostId === id).map(({ slot }) => slot);
        if (known.join() !== "0,1") return `${name} has the slots ${known.join()}`;
      }
      return undefined;
    },
  };
}
