import type { Assignment, HostFacts, ImageWork } from "@tartfleet/shared";
import type { Doorbell } from "../doorbell.ts";
import type { Log } from "../log.ts";
import { nextImageStep, type ImageStep, type SeenImage } from "../reconcile/image-step.ts";
import { attemptErrorOf } from "../tart/attempt-error.ts";
import type { Tart, TartFailure } from "../tart/tart.ts";
import type { OwnImages } from "./own-images.ts";
import type { Pulls } from "./pulls.ts";

export type ImageFailure = NonNullable<HostFacts["imageFailures"]>[number];

/** Fetches and removes images in the background, one at a time, as the control plane wants and VMs allow. */
export interface ImageWorker {
  lookBegins(): void;
  /** Whether the next look must list the images anew. */
  needsList(): boolean;
  /** What a look found, and what is wanted by now; what is not wanted any more is cut off. */
  looked(images: readonly SeenImage[], wanted: Wish): void;
  failures(): ImageFailure[];
  /** Cuts off what is in progress and waits for its end. */
  close(): Promise<void>;
}

interface Wish {
  /** null: nobody has said. */
  work: ImageWork | null;
  assignments: readonly Assignment[];
  instanceDigests: readonly string[];
  isVmPulling: boolean;
}

type Doing = Exclude<ImageStep, { kind: "rest" }>;

export function createImageWorker(parts: {
  tart: Pick<Tart, "deleteImage">;
  pulls: Pulls;
  own: OwnImages;
  bell: Doorbell;
  log: Log;
}): ImageWorker {
  const { tart, pulls, own, bell, log } = parts;
  let failures: ImageFailure[] = [];
  let busy: { step: Doing; stop: AbortController; over: Promise<void> } | undefined;
  /** A look that was begun before the last step ended does not show what that did. */
  let isStale = true;
  let isPending = false;

  async function carryOut(step: Doing, signal: AbortSignal): Promise<void> {
    const { kind: work, reference, grant } = step;
    log.info({ image: reference }, work === "pull" ? "fetches an image" : "removes an image");
    const failure = await (work === "pull" ? pull(reference, signal) : remove(reference));
    if (!failure || failure.class === "CANCELLED") return;
    const { code, message } = attemptErrorOf(failure, work === "pull" ? "pull" : "clone");
    log.warn({ image: reference, code, why: message }, `could not ${work} an image`);
    failures.push({ work, reference, grant, code, message: message.slice(0, 2000) });
  }

  async function pull(reference: string, signal: AbortSignal): Promise<TartFailure | undefined> {
    const result = await pulls.pull(reference, { onProgress() {}, signal, isBackground: true });
    return result === "cut_off" || result.ok ? undefined : result.failure;
  }

  async function remove(reference: string): Promise<TartFailure | undefined> {
    const result = await tart.deleteImage(reference);
    if (result.ok) own.removed(reference);
    return result.ok ? undefined : result.failure;
  }

  function start(step: Doing): void {
    const stop = new AbortController();
    const over = carryOut(step, stop.signal)
      .catch((error: unknown) => log.error({ error: String(error) }, "work on an image failed unexpectedly"))
      .finally(() => {
        busy = undefined;
        isStale = true;
        bell.ring();
      });
    busy = { step, stop, over };
  }

  return {
    lookBegins() {
      isStale = false;
    },
    needsList: () => busy === undefined && (isStale || isPending),
    looked(images, { work, assignments, instanceDigests, isVmPulling }) {
      const asked = work && [...work.pull, ...work.remove];
      if (asked) {
        failures = failures.filter(({ grant, reference }) =>
          asked.some((one) => one.grant === grant && one.reference === reference),
        );
      }
      if (busy) {
        const { step, stop } = busy;
        // A removal takes a moment; a fetch may take half an hour that nobody needs any more.
        const isWanted = !work || work.pull.some(({ reference }) => reference === step.reference);
        if (step.kind === "pull" && !isWanted) stop.abort();
        return;
      }
      const hasFailed = (grant: number, reference: string) =>
        failures.some((failure) => failure.grant === grant && failure.reference === reference);
      isPending = asked?.some(({ grant, reference }) => !hasFailed(grant, reference)) ?? false;
      if (isStale) return;
      const step = nextImageStep({ work, assignments, instanceDigests, images, isVmPulling, hasFailed });
      if (step.kind !== "rest") start(step);
    },
    failures: () => failures,
    async close() {
      busy?.stop.abort();
      await busy?.over;
    },
  };
}
