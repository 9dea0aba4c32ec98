import { CallError, canonicalImage, type ChannelRecord } from "@tartfleet/shared";
import { decided, imageFor, type Channel, type Decision, type Rollout } from "../domain/channels/channel.ts";
import { judge, tellsOfImage, STEPS, type Seen } from "../domain/channels/judge.ts";
import type { KeptPhase } from "../store/phase-times.ts";
import { actOf, channelName, ITSELF, nameOf } from "./acts.ts";
import type { ImagePlans } from "./image-plans.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { Caller, UseCases } from "./use-cases.ts";

type ChannelUseCases = Pick<
  UseCases,
  "listChannels" | "getChannel" | "setChannel" | "rollOutChannel" | "rollBackChannel" | "removeChannel"
>;

/** So many of an image's newest attempts count. */
const LOOKED_AT = 256;

/** A channel's image for one VM. */
export interface ChannelChoice {
  image: string;
  /** Throws `channel_not_found` when there is no such channel. */
  require(): void;
}

/**
 * Channels, and their rollouts, which go on or back with what becomes of attempts. Held in memory as they are
 * stored: every VM asks.
 */
export function startChannels(
  { store, history, changes, clock }: Pick<Parts, "store" | "history" | "changes" | "clock">,
  patience: Patience,
  plans: Pick<ImagePlans, "prepullFor" | "cancel" | "outcomeOf" | "onEnded">,
  /** An image by the digest that its tag was last learned to stand for. */
  byDigest: (image: string) => string,
) {
  const held = store.channels();

  function hold(name: string, channel: Channel): void {
    held.set(name, channel);
    changes.poolsChanged();
  }

  function required(name: string): Channel {
    const channel = held.get(name);
    if (!channel) throw notFound(name);
    return channel;
  }

  /** The attempts of an image since a time, each once: what was lost after it was ready has failed. */
  function seenOf(image: string, since: number): Seen & { newest: KeptPhase[] } {
    const attempts = new Map<string, KeptPhase>();
    for (const phase of history.attempts({ image }, LOOKED_AT)) {
      const key = `${phase.vmId} ${phase.attempt}`;
      if (phase.at >= since && tellsOfImage(phase.verdict) && !attempts.has(key)) attempts.set(key, phase);
    }
    const newest = [...attempts.values()];
    const boots = { phase: "booting", image } as const;
    return {
      newest,
      attempts: newest.length,
      failed: newest.filter(({ verdict }) => verdict !== "ready").length,
      boots: history.count(boots),
      bootP95: history.quantile(boots, 0.95),
    };
  }

  function judged(channel: Channel): { channel: Channel; decision: Decision } | null {
    const { rollout } = channel;
    if (!rollout) return null;
    if (rollout.prepull !== undefined) return prepulled(channel, rollout, rollout.prepull);
    const next = seenOf(rollout.image, rollout.startedAt);
    const inStep = next.newest.filter(({ at }) => at >= rollout.stepAt).length;
    const judgement = judge(rollout, next, seenOf(channel.image, 0), inStep);
    if (judgement.kind === "wait") return null;
    const at = clock.now();
    const { kind, why } = judgement;
    const about = { at, kind, by: ITSELF, image: rollout.image, why };
    const [after, percent] =
      kind === "step"
        ? [{ ...channel, rollout: { ...rollout, percent: judgement.percent, stepAt: at } }, judgement.percent]
        : kind === "completed"
          ? [{ image: rollout.image, rollout: null }, 100]
          : [{ ...channel, rollout: null }, 0];
    const decision = { ...about, percent };
    return { channel: decided(after, channel.decisions, decision), decision };
  }

  /** What becomes of a rollout whose image is fetched first: it begins when that has ended, unless no host could. */
  function prepulled(
    channel: Channel,
    { prepull: _done, ...rollout }: Rollout,
    planId: string,
  ): { channel: Channel; decision: Decision } | null {
    const ended = plans.outcomeOf(planId);
    if (!ended) return null;
    const at = clock.now();
    const [percent] = STEPS;
    const isFailed = ended.outcome === "failed";
    const decision: Decision = {
      at,
      kind: isFailed ? "rolled_back" : "step",
      by: ITSELF,
      image: rollout.image,
      percent: isFailed ? 0 : percent,
      why: isFailed ? `It could not be fetched: ${ended.why}` : ended.why,
    };
    const begun = isFailed ? null : { ...rollout, percent, startedAt: at, stepAt: at };
    return { channel: decided({ ...channel, rollout: begun }, channel.decisions, decision), decision };
  }

  async function evaluate(name: string): Promise<void> {
    const changed = await store.changeChannel(
      name,
      (before) => {
        const outcome = before && judged(before);
        if (!outcome) return null;
        const { kind, image, percent, why } = outcome.decision;
        const act = {
          actor: ITSELF,
          action: `channel.${kind}`,
          subject: channelName(name),
          outcome: "done" as const,
          address: null,
          requestId: null,
          details: { image, percent, why },
        };
        return { channel: outcome.channel, act };
      },
      clock.now(),
    );
    if (changed) hold(name, changed);
  }

  function heard({ image }: { image: string }): void {
    for (const [name, channel] of held) {
      if (!channel.rollout || (channel.rollout.image !== image && channel.image !== image)) continue;
      if (judged(channel)) patience.keepTrying(() => evaluate(name));
    }
  }

  /** Somebody's change of a channel; it makes no channel but by `set`. */
  async function change(
    caller: Caller,
    name: string,
    action: "channel.set" | "channel.rollout" | "channel.rollback",
    make: (
      before: Channel | undefined,
    ) => Omit<Decision, "at" | "by"> & Pick<Channel, "rollout"> & { to: string },
  ): Promise<ChannelRecord> {
    const at = clock.now();
    const changed = await store.changeChannel(
      name,
      (before) => {
        const { rollout, to, ...made } = make(before);
        const decision = { ...made, at, by: nameOf(caller.principal) };
        const { image, percent } = made;
        return {
          channel: decided({ image: to, rollout }, before?.decisions ?? [], decision),
          act: actOf(caller, action, channelName(name), { image, percent }),
        };
      },
      at,
    );
    const former = held.get(name)?.rollout?.prepull;
    if (changed) hold(name, changed);
    changes.imageNeedsChanged();
    if (former !== undefined && former !== changed?.rollout?.prepull)
      await plans.cancel(former, `Channel ${name} does not wait for it any more.`);
    return recordOf(name, required(name));
  }

  const useCases: ChannelUseCases = {
    listChannels: () => [...held].map(([name, channel]) => recordOf(name, channel)),
    getChannel: (name) => recordOf(name, required(name)),

    setChannel(caller, name, { image: asked }) {
      const image = canonicalImage(asked) ?? asked;
      return change(caller, name, "channel.set", () => ({
        to: image,
        rollout: null,
        kind: "set",
        image,
        percent: 100,
        why: "Asked for.",
      }));
    },

    async rollOutChannel(caller, name, { image: asked, samplesPerStep }) {
      const image = canonicalImage(asked) ?? asked;
      const { image: present } = required(name);
      const hasIt = () => invalid(`Channel ${name} has that image already.`);
      if (present === image) throw hasIt();
      const prepull = await plans.prepullFor(caller, {
        channel: name,
        image,
        besideImage: byDigest(present),
      });
      const [percent, why] =
        prepull === null ? [STEPS[0], "Asked for."] : [0, "Asked for. The channel's hosts fetch it first."];
      const record = await change(caller, name, "channel.rollout", (before) => {
        if (!before) throw notFound(name);
        if (before.image === image) throw hasIt();
        const at = clock.now();
        const rollout = { image, percent, samplesPerStep, startedAt: at, stepAt: at };
        const waits = prepull === null ? rollout : { ...rollout, prepull };
        return { to: before.image, rollout: waits, kind: "rollout", image, percent, why };
      });
      // It may have come to its end before the channel knew of it.
      if (prepull !== null) ended(prepull);
      return record;
    },

    rollBackChannel: (caller, name) =>
      change(caller, name, "channel.rollback", (before) => {
        if (!before) throw notFound(name);
        if (!before.rollout)
          throw invalid(`Nothing is being rolled out in channel ${name}; set its image instead.`);
        const { image } = before.rollout;
        return { to: before.image, rollout: null, kind: "rolled_back", image, percent: 0, why: "Asked for." };
      }),

    async removeChannel(caller, name) {
      if (!(await store.removeChannel(name, actOf(caller, "channel.remove", channelName(name)), clock.now())))
        throw notFound(name);
      const prepull = held.get(name)?.rollout?.prepull;
      held.delete(name);
      changes.poolsChanged();
      if (prepull !== undefined) await plans.cancel(prepull, `Channel ${name} was removed.`);
    },
  };

  /** The image that a channel has for a VM. Whether there is such a channel is asked when the VM is accepted. */
  function choice(name: string, vmId: string): ChannelChoice {
    const channel = held.get(name);
    return {
      image: channel ? imageFor(channel, vmId) : `channel:${name}`,
      require: () => void required(name),
    };
  }

  function ended(planId: string): void {
    for (const [name, channel] of held)
      if (channel.rollout?.prepull === planId && judged(channel)) patience.keepTrying(() => evaluate(name));
  }

  const stop = history.onVerdict(heard);
  plans.onEnded(ended);
  // What became of attempts just before a restart may not have been judged yet.
  for (const { rollout } of held.values()) if (rollout) heard(rollout);
  return {
    useCases,
    choice,
    /** The image that it had before whatever is being rolled out; undefined when there is no such channel. */
    imageOf: (name: string): string | undefined => held.get(name)?.image,
    /** Images that channels have or are being moved to, with why. */
    images: (): [reference: string, why: string][] =>
      [...held].flatMap(([name, { image, rollout }]) =>
        [image, ...(rollout ? [rollout.image] : [])].map((one): [string, string] => [
          one,
          `channel ${name} has it`,
        ]),
      ),
    stop,
  };
}

function notFound(name: string): CallError {
  return new CallError(
    "channel_not_found",
    `There is no channel ${name}. Make it: tartfleet channel set ${name} <image>.`,
  );
}

function invalid(message: string): CallError {
  return new CallError("invalid_request", message, []);
}

function recordOf(name: string, { image, rollout, decisions }: Channel): ChannelRecord {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    name,
    image,
    rollout: rollout && {
      ...rollout,
      prepull: rollout.prepull ?? null,
      startedAt: iso(rollout.startedAt),
      stepAt: iso(rollout.stepAt),
    },
    decisions: decisions.map((decision) => ({ ...decision, at: iso(decision.at) })),
  };
}
