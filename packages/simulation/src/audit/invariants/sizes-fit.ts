import type { Invariant } from "../invariant.ts";
import { leftOn } from "../room.ts";

/** Nothing is placed beyond a host's cores and memory. */
export function sizesFit(): Invariant {
  return {
    name: "sizes-fit",
    check(view) {
      for (const host of view.hosts) {
        const left = leftOn(host, view);
        if (left && (left.cpu < 0 || left.memoryMiB < 0)) {
          return `${host.name} lacks ${-left.cpu} cores or ${-left.memoryMiB} MiB for what was placed on it`;
        }
      }
      return undefined;
    },
  };
}
