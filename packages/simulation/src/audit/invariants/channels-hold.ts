import type { Invariant } from "../invariant.ts";
import type { ChannelRow, VmRow } from "../view.ts";

/**
 * A channel's VM gets an image that the channel has when it is accepted, and keeps it; a rollout that goes back
 * leaves the channel the image that it had.
 */
export function channelsHold(): Invariant {
  let known: ReadonlyMap<string, VmRow> = new Map();
  let channels: readonly ChannelRow[] = [];
  return {
    name: "channels-hold",
    check(view) {
      const [before, were] = [known, channels];
      known = view.vms;
      channels = view.channels;
      for (const vm of view.vms.values()) {
        const was = before.get(vm.id);
        if (was && was.image !== vm.image) return `VM ${vm.id} was of ${was.image} and is of ${vm.image}`;
        if (was || vm.channel === null || vm.pool !== null) continue;
        // In one group of steps the channel may have been changed just before or just after.
        const offered = [...were, ...channels].filter(({ name }) => name === vm.channel).flatMap(imagesOf);
        if (!offered.includes(vm.image))
          return `VM ${vm.id} is of ${vm.image}, and channel ${vm.channel} has ${offered.join(", ")}`;
      }
      for (const now of channels) {
        const was = were.find(({ name }) => name === now.name);
        const wentBack = was?.next != null && now.next === null && now.lastDecision === "rolled_back";
        if (wentBack && now.image !== was.image)
          return `channel ${now.name} went back from ${was.next}, and has ${now.image} instead of ${was.image}`;
      }
      return undefined;
    },
    onRestored(view) {
      known = view.vms;
      channels = view.channels;
    },
  };
}

/** What new VMs may get: while its image is only being fetched a rollout shifts none. */
function imagesOf({ image, next, percent }: ChannelRow): string[] {
  return next !== null && (percent ?? 0) > 0 ? [image, next] : [image];
}
