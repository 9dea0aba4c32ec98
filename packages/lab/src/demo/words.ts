import { SLOTS_PER_HOST } from "@tartfleet/shared";
import type { Fleet } from "../fleet/fleet.ts";
import type { DemoOptions } from "./options.ts";
import { DEMO_SPEED, EXIT_SETTLE_SECONDS, HOOK_GRACE_SECONDS } from "./settings.ts";

/** What the demo says to the person who watches. */

export function greeting({ hosts, vms, seed, tart }: DemoOptions): string {
  const macs = `${hosts} ${hosts === 1 ? "Mac" : "Macs"}`;
  return [
    `tartfleet demo: ${vms} CI jobs, ${macs} with ${SLOTS_PER_HOST} slots each (seed ${seed}).`,
    tart
      ? "The Mac is this one, and so is its tart; the first boot may have to pull its image, which takes its time."
      : `The Macs are simulated, ${DEMO_SPEED} times as fast as real ones; control plane, agents, guests' shells and suicide.sh are real.`,
    `After its job's hook a VM is left alone for ${HOOK_GRACE_SECONDS} s at most, after its runner's exit for ${EXIT_SETTLE_SECONDS} s (in production 90 and 10).`,
    "",
  ].join("\n");
}

export function request(vms: number, hosts: number): string {
  const slots = hosts * SLOTS_PER_HOST;
  const rest =
    vms > slots ? `: more than there are slots (${slots}), so ${vms - slots} wait in the queue` : "";
  return `POST /v1/vms, ${vms} times, as a CI system would${rest}.\n`;
}

export function howToReach(fleet: Fleet, tokenFile: string): string {
  return [
    "The fleet is left running. In another terminal:",
    "",
    `  export TARTFLEET_URL=${fleet.url()}`,
    `  export TARTFLEET_TOKEN="$(cat ${tokenFile})"`,
    "  npm run tartfleet -- capacity",
    `  curl -H "Authorization: Bearer $TARTFLEET_TOKEN" $TARTFLEET_URL/v1/hosts`,
    "",
    `Logs: ${fleet.dir}/*.log`,
    "Ctrl-C ends it and removes everything.",
  ].join("\n");
}
