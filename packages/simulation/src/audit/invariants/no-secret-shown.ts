import { CANARY } from "../../fleet/clients.ts";
import type { Invariant } from "../invariant.ts";

/** S8: no secret in logs, events or errors. */
export function noSecretShown(): Invariant {
  return {
    name: "no-secret-shown",
    check({ fleet, events, vms }) {
      const { said } = fleet.world;
      const lines = said.splice(0, said.length);
      const log = lines.find((line) => line.includes(CANARY) || line.includes("tartfleet_"));
      if (log !== undefined) return `an agent logged a secret: ${log}`;
      const event = events.find(({ message, data }) => message.includes(CANARY) || data.includes(CANARY));
      if (event) return `event ${event.id} shows a secret`;
      for (const { id, endError } of vms.values()) {
        if (endError && JSON.stringify(endError).includes(CANARY))
          return `the end of VM ${id} shows a secret`;
      }
      return undefined;
    },
  };
}
