import type { ChannelRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

function rolloutOf({ rollout }: ChannelRecord): string {
  if (!rollout) return "-";
  const isFetched = rollout.percent === 0 && rollout.prepull !== null;
  return `${isFetched ? `fetched first (plan ${rollout.prepull})` : `${rollout.percent} %`} ${rollout.image}`;
}

/** `channel list`: what each stands for and what it is being moved to. */
export function channelTable(channels: readonly ChannelRecord[], style: Style): string {
  return table(
    channels,
    [
      { head: "CHANNEL", text: ({ name }) => name },
      { head: "IMAGE", text: ({ image }) => image },
      { head: "ROLLOUT", text: rolloutOf, spare: 1 },
    ],
    style,
  );
}

/** `channel show`: the channel and what was decided, newest first. */
export function channelDetails(channel: ChannelRecord, style: Style): string {
  const decisions = table(
    channel.decisions,
    [
      { head: "AT", text: ({ at }) => at },
      { head: "DECISION", text: ({ kind }) => kind },
      { head: "PERCENT", text: ({ percent }) => String(percent), align: "right" },
      { head: "BY", text: ({ by }) => by },
      { head: "WHY", text: ({ why }) => why },
      { head: "IMAGE", text: ({ image }) => image, spare: 1 },
    ],
    style,
  );
  return `${channelTable([channel], style)}\n\n${decisions}`;
}
