import { CallError, canonicalImage, type ImagePlanRecord } from "@tartfleet/shared";
import { outcomeOf, type ImagePlan, type PlanOutcome } from "../domain/images/plan.ts";
import { pulledBytes } from "../domain/images/pulled-bytes.ts";
import type { Act } from "../store/audit.ts";
import type { StoredImagePlan } from "../store/image-plans.ts";
import { actOf, imageName, ITSELF, nameOf } from "./acts.ts";
import { makeImagePulls, type StandingPlan } from "./image-pulls.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import { iso, isoOf } from "./records.ts";
import type { Caller, UseCases } from "./use-cases.ts";

type PlanUseCases = Pick<UseCases, "listImagePlans" | "getImagePlan" | "planImage" | "endImagePlan">;

const ENDED_SHOWN = 50;
const ID_LENGTH = 12;

/** Image plans: made by people, carried out by `image-pulls.ts`, and ended when every host has come to something. */
export function startImagePlans(
  parts: Pick<Parts, "store" | "leases" | "fleet" | "changes" | "clock" | "config" | "randomId">,
  patience: Patience,
) {
  const { store, changes, clock, randomId } = parts;
  const pulls = makeImagePulls(parts);
  const ending = new Set<string>();
  let tellEnded: (id: string, outcome: PlanOutcome) => void = () => {};

  /** Ends what has come to its end. */
  function settle(): void {
    for (const { plan, hosts } of pulls.plans.values()) {
      const outcome = ending.has(plan.id) ? undefined : outcomeOf(plan, [...hosts.values()]);
      if (!outcome) continue;
      ending.add(plan.id);
      patience.keepTrying(() => end(plan, outcome, ownActOn(plan, outcome)));
    }
  }

  async function end(plan: ImagePlan, outcome: PlanOutcome, act: Act): Promise<void> {
    await store.endImagePlan(plan.id, outcome, act, clock.now());
    ending.delete(plan.id);
    pulls.remove(plan.id);
    tellEnded(plan.id, outcome);
    settle();
  }

  function hostChanged(hostId: number): void {
    pulls.hostChanged(hostId);
    settle();
  }

  /** @throws CallError image_plan_not_found */
  function required(id: string): ImagePlanRecord {
    const standing = pulls.plans.get(id);
    if (standing) return standingRecord(standing);
    const stored = store.imagePlan(id);
    if (!stored) throw new CallError("image_plan_not_found", `There is no image plan ${id}.`);
    return endedRecord(stored);
  }

  async function add(plan: ImagePlan, act: Act): Promise<void> {
    await store.addImagePlan(plan, act);
    pulls.add(plan);
    changes.imageNeedsChanged();
    settle();
  }

  const useCases: PlanUseCases = {
    listImagePlans: () => [
      ...[...pulls.plans.values()].map(standingRecord),
      ...store.endedImagePlans(ENDED_SHOWN).map(endedRecord),
    ],

    getImagePlan: required,

    async planImage(caller, { kind, image: asked, hostLabels, reason = null }) {
      const image = canonicalImage(asked) ?? asked;
      const same = [...pulls.plans.values()].find(
        ({ plan }) => plan.kind === kind && plan.image === image && isSame(plan.hostLabels, hostLabels),
      );
      if (same) return standingRecord(same);
      const by = nameOf(caller.principal);
      const id = randomId(ID_LENGTH);
      const plan = { id, kind, image, hostLabels, besideImage: null, reason, by, createdAt: clock.now() };
      const details = { plan: id, hostLabels: labelsText(hostLabels), reason };
      await add(
        plan,
        actOf(caller, kind === "pin" ? "image.pin" : "image.prepull", imageName(image), details),
      );
      return required(id);
    },

    async endImagePlan(caller, id) {
      const standing = pulls.plans.get(id);
      if (!standing) return required(id);
      const { plan } = standing;
      const action = plan.kind === "pin" ? "image.unpin" : "image.prepull_ended";
      const outcome = { outcome: "ended", why: `Ended by ${nameOf(caller.principal)}.` } as const;
      await end(plan, outcome, actOf(caller, action, imageName(plan.image), { plan: id }));
      return required(id);
    },
  };

  const unsubscribes = [
    changes.onHostRoom(hostChanged),
    changes.onApplied(({ hosts }) => {
      for (const hostId of hosts) hostChanged(hostId);
    }),
  ];
  for (const { endedAt, outcome, why, ...plan } of store.standingImagePlans()) pulls.add(plan);
  settle();
  return {
    useCases,
    /**
     * Lets the hosts that have one image of a channel fetch another.
     *
     * @returns the plan's id; null when no host has to
     */
    async prepullFor(
      caller: Caller,
      { channel, image, besideImage }: { channel: string; image: string; besideImage: string },
    ): Promise<string | null> {
      const plan: ImagePlan = {
        id: randomId(ID_LENGTH),
        kind: "channel",
        image,
        hostLabels: {},
        besideImage,
        reason: `It is rolled out in channel ${channel}.`,
        by: nameOf(caller.principal),
        createdAt: clock.now(),
      };
      if (!pulls.isMissingFor(plan)) return null;
      await add(plan, actOf(caller, "image.prepull", imageName(image), { plan: plan.id, channel }));
      return plan.id;
    },

    /** Nobody waits for it any more. */
    async cancel(id: string, why: string): Promise<void> {
      const plan = pulls.plans.get(id)?.plan;
      if (!plan) return;
      const outcome: PlanOutcome = { outcome: "ended", why };
      await end(plan, outcome, ownActOn(plan, outcome));
    },

    /** How a plan ended; undefined while it stands. */
    outcomeOf(id: string): PlanOutcome | undefined {
      if (pulls.plans.has(id)) return undefined;
      const { outcome, why } = store.imagePlan(id) ?? {};
      return { outcome: outcome ?? "ended", why: why ?? "The pre-pull is no longer known." };
    },

    /** Who is told from now on that a plan has ended. */
    onEnded(call: typeof tellEnded): void {
      tellEnded = call;
    },
    pullsOf: pulls.pullsOf,
    wantedOn: pulls.wantedOn,
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      pulls.stop();
    },
  };
}

const ACTIONS = {
  done: "image.prepulled",
  failed: "image.prepull_failed",
  ended: "image.prepull_ended",
} as const;

function ownActOn({ id, image }: ImagePlan, { outcome, why }: PlanOutcome): Act {
  return {
    actor: ITSELF,
    action: ACTIONS[outcome],
    subject: imageName(image),
    outcome: "done",
    address: null,
    requestId: null,
    details: { plan: id, why },
  };
}

function isSame(a: ImagePlan["hostLabels"], b: ImagePlan["hostLabels"]): boolean {
  return labelsText(a) === labelsText(b);
}

function labelsText(labels: ImagePlan["hostLabels"]): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

function endedRecord(plan: StoredImagePlan): ImagePlanRecord {
  const { besideImage, createdAt, endedAt, ...same } = plan;
  return { ...same, createdAt: isoOf(createdAt), endedAt: iso(endedAt), progress: null };
}

function standingRecord({ plan, hosts, totalBytes }: StandingPlan): ImagePlanRecord {
  const all = [...hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const amount = (kind: string) => all.filter(({ standing }) => standing.kind === kind).length;
  const [away, there] = [amount("away") + amount("silent"), amount("there")];
  const pulls = all.flatMap(({ name, standing, pull }) => {
    if (standing.kind !== "pulling") return [];
    const percent = pull?.percent ?? 0;
    const whole = pull?.totalBytes ?? totalBytes;
    return [{ host: name, percent, bytes: pulledBytes(percent, whole), totalBytes: whole }];
  });
  const problems = all.flatMap(({ name, standing }) => {
    if (standing.kind !== "failing" && standing.kind !== "given_up") return [];
    const retryAt = standing.kind === "failing" ? isoOf(standing.retryAt) : null;
    return [{ host: name, ...standing.error, retryAt }];
  });
  const { besideImage, createdAt, ...same } = plan;
  return {
    ...same,
    createdAt: isoOf(createdAt),
    endedAt: null,
    outcome: null,
    why: null,
    progress: {
      hosts: all.length - away,
      there,
      pulling: pulls.length,
      waiting: amount("waiting"),
      failed: problems.length,
      away,
      bytes:
        totalBytes === null
          ? null
          : there * totalBytes + pulls.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      totalBytes: totalBytes === null ? null : (all.length - away) * totalBytes,
      pulls,
      problems,
    },
  };
}

/** Image plans as others know them. */
export type ImagePlans = ReturnType<typeof startImagePlans>;
