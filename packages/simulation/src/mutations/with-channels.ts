import type { Job, Plan, PlannedAction } from "../plan/plan.ts";
import { inStore, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

const job = (n: number): PlannedAction => {
  const made: Job = {
    n,
    os: "macos",
    runner: "github",
    ttlSeconds: 3600,
    mode: "good",
    idleMs: 1000,
    jobMs: 10_000,
    isOfChannel: true,
  };
  return { at: 10_000 * n, action: { kind: "create", job: made } };
};

/** A channel is moved to another image, and back by a person. */
const MOVED: Plan = {
  hosts: 2,
  calmAt: 20 * MINUTE,
  actions: [
    { at: 1000, action: { kind: "channel", what: "set", image: 0 } },
    ...[1, 2, 3].map(job),
    { at: 2 * MINUTE, action: { kind: "channel", what: "rollout", image: 1 } },
    { at: 8 * MINUTE, action: { kind: "channel", what: "rollback", image: 1 } },
  ],
};

/** What VMs of a channel get, and what becomes of a rollout. */
export const WITH_CHANNELS: readonly Mutation[] = [
  {
    ...inStore("a channel's VM gets another image than the channel has", (store) => ({
      acceptVm(accepted, act, now) {
        const { vm } = accepted;
        const image = "ghcr.io/org/macos:2";
        return store.acceptVm(
          vm.spec.channel === undefined
            ? accepted
            : { ...accepted, vm: { ...vm, spec: { ...vm.spec, image } } },
          act,
          now,
        );
      },
    })),
    plan: MOVED,
  },
  {
    ...inStore("a rollout that goes back keeps the new image", (store) => ({
      changeChannel: (name, change, now) =>
        store.changeChannel(
          name,
          (before) => {
            const changed = change(before);
            const isBack = changed?.channel.decisions[0]?.kind === "rolled_back";
            if (!changed || !isBack || !before?.rollout) return changed;
            return { ...changed, channel: { ...changed.channel, image: before.rollout.image } };
          },
          now,
        ),
    })),
    plan: MOVED,
  },
];
