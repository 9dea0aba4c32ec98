import type { SimHostOptions } from "@tartfleet/tart-sim";
import type { Flags } from "../fleet/environment.ts";
import type { DemoOptions } from "./options.ts";

/** How much faster than a real one a simulated Mac is: every phase can still be seen. */
export const DEMO_SPEED = 8;

const SIMULATED_IMAGE = "registry.example.com/macos/runner";

/** What simulated Macs pull is small for an image of macOS: the pull is seen and does not bore. */
export const simulatedMac: Omit<SimHostOptions, "dir"> = {
  images: [{ name: SIMULATED_IMAGE, compressedGB: 2, allocatedGB: 25 }],
};

const REAL_IMAGE = "ghcr.io/cirruslabs/macos-sequoia-base:latest";

/** The image of the demo's VMs. */
export function imageOf({ tart, image }: Pick<DemoOptions, "tart" | "image">): string {
  return tart ? (image ?? REAL_IMAGE) : `${SIMULATED_IMAGE}:latest`;
}

/** How long a VM lives on after its job's hook, and after its runner's exit. In production 90 s and 10 s. */
export const HOOK_GRACE_SECONDS = 30;
export const EXIT_SETTLE_SECONDS = 1;
export const controlPlaneFlags: Flags = {
  "hook-grace-seconds": HOOK_GRACE_SECONDS,
  "exit-settle-seconds": EXIT_SETTLE_SECONDS,
};

/** Where a guest of a real Mac finds it: the gateway of macOS's own NAT. */
export const MAC_FROM_GUEST = "192.168.64.1";
