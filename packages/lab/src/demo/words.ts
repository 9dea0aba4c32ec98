import { join } from "node:path";
import { parseToken, SLOTS_PER_HOST } from "@tartfleet/shared";
import type { Fleet } from "../fleet/fleet.ts";
import type { DemoOptions } from "./options.ts";
import { DEMO_SPEED, EXIT_SETTLE_SECONDS, HOOK_GRACE_SECONDS } from "./settings.ts";

/** What the demo says to the person who watches. */

export function greeting({ hosts, vms, seed, tart }: DemoOptions): string {
  const macs = hosts === 1 ? "1 Mac" : `${hosts} Macs`;
  return [
    `tartfleet demo: ${vms} CI jobs for ${macs} with ${SLOTS_PER_HOST} slots each (seed ${seed}).`,
    "",
    tart
      ? "The Mac is this one, and so is its tart. The image comes from its cache, or is pulled into it, which takes its time."
      : `The Macs are simulated, ${DEMO_SPEED} times as fast as real ones. Control plane, agents, the guests' shells and runners, and suicide.sh are the real thing.`,
    `A VM is left alone for ${HOOK_GRACE_SECONDS} s at most after its job's hook, and ${EXIT_SETTLE_SECONDS} s after its runner's exit (in production 90 and 10): the job's result comes after the hook.`,
    "",
  ].join("\n");
}

export function request(vms: number, hosts: number): string {
  const slots = hosts * SLOTS_PER_HOST;
  const rest = vms > slots ? ` There are ${slots} slots, so ${vms - slots} wait in the queue.` : "";
  return `\n${vms} times POST /v1/vms, as a CI system would, each with a runner for one job.${rest}\n`;
}

export function howToReach(fleet: Fleet): string {
  const tokenFile = join(fleet.dir, "control-plane", "admin-token");
  return [
    "The fleet is left running. In a browser:",
    "",
    `  ${fleet.url()}, signed in with the token in ${tokenFile}`,
    "",
    "In another terminal:",
    "",
    `  export TARTFLEET_URL=${fleet.url()} TARTFLEET_TOKEN_FILE=${tokenFile}`,
    "  npm run tartfleet -- top",
    `  curl ${pinned(fleet.adminToken)}-H "Authorization: Bearer $(cat ${tokenFile})" ${fleet.url()}/v1/fleet/capacity`,
    "",
    `Logs: ${fleet.dir}/*.log`,
    "Ctrl-C ends it and removes everything.",
  ].join("\n");
}

/** How curl is told of the key that a token trusts. */
function pinned(token: string): string {
  const pin = parseToken(token)?.pin;
  if (pin === undefined) return "";
  return `-k --pinnedpubkey sha256//${Buffer.from(pin, "base64url").toString("base64")} `;
}
