import type { ChannelDecision } from "@tartfleet/shared";
import { evenly } from "../scramble.ts";

/** What a channel did and why; times are milliseconds. */
export type Decision = Omit<ChannelDecision, "at"> & { at: number };

export interface Rollout {
  image: string;
  /** Of new VMs that get it; 0 while hosts fetch it first. */
  percent: number;
  /** The image plan by which they do; none before there were any. */
  prepull?: string;
  samplesPerStep: number;
  startedAt: number;
  /** When it came to its percentage. */
  stepAt: number;
}

/** A name that stands for an image, and the image that it is being moved to. */
export interface Channel {
  image: string;
  rollout: Rollout | null;
  /** Newest first, the newest few. */
  decisions: Decision[];
}

const MOST_DECISIONS = 50;

/** The channel after a decision. */
export function decided(
  channel: Omit<Channel, "decisions">,
  before: Decision[],
  decision: Decision,
): Channel {
  const { image, rollout } = channel;
  return { image, rollout, decisions: [decision, ...before].slice(0, MOST_DECISIONS) };
}

/** The image for a VM: always the same for the same id, and once shifted, shifted at every higher percentage. */
export function imageFor(channel: Channel, vmId: string): string {
  const { rollout } = channel;
  return rollout && evenly(vmId) * 100 < rollout.percent ? rollout.image : channel.image;
}
