import type { HostFacts } from "@tartfleet/shared";
import { FACTS, settle, type startFleet } from "./fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;

/** A Mac whose agent does work on images when the test lets it; it has these images. */
export async function imageHost(fleet: Fleet, name: string, facts: Partial<HostFacts> = {}) {
  let now: HostFacts = { ...FACTS, imageFailures: [], pulls: [], ...facts };
  const agent: Agent = await fleet.host(name, now);

  async function tell(changed: Partial<HostFacts>): Promise<void> {
    now = { ...now, ...changed };
    await fleet.useCases.agent.heartbeat(agent.host, agent.epoch, { facts: now });
    await settle();
  }

  const work = async () => (await agent.assignments()).images ?? { pull: [], remove: [] };
  return {
    name,
    agent,
    tell,
    facts: () => now,
    work,
    images: () => now.images.map(({ reference }) => reference),
    /** What it was told to fetch first is under way. */
    async begin(percent = 0): Promise<void> {
      const [first] = (await work()).pull;
      if (first) await tell({ pulls: [{ reference: first.reference, percent, totalBytes: 1000 }] });
    },
    /** It has come to an end; all that failed under grants that hold no more is forgotten. */
    async finish(error?: { code: "image_not_found" | "registry_unreachable" }): Promise<void> {
      const [first] = (await work()).pull;
      if (!first) return tell({ pulls: [], imageFailures: [] });
      const { reference, grant } = first;
      const failure = { work: "pull" as const, reference, grant, message: "so said the registry" };
      await tell({
        pulls: [],
        ...(error
          ? { imageFailures: [{ ...failure, ...error }] }
          : { imageFailures: [], images: [...now.images, { reference, sizeGiB: 10, isOurs: true }] }),
      });
    },
    /** Removes what it was told to. */
    async remove(): Promise<string[]> {
      const { remove } = await work();
      const gone = remove.map(({ reference }) => reference);
      const freed = now.images.filter(({ reference }) => gone.includes(reference));
      await tell({
        images: now.images.filter(({ reference }) => !gone.includes(reference)),
        diskFreeGiB: now.diskFreeGiB + freed.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0),
      });
      return gone;
    },
  };
}

export type ImageHost = Awaited<ReturnType<typeof imageHost>>;
