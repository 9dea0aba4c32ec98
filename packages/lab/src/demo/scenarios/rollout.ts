import type { ChannelRecord, VmRecord } from "@tartfleet/shared";
import type { Api } from "../../fleet/api.ts";
import { until } from "../../fleet/until.ts";
import type { Scenario, Stage } from "./scenario.ts";

const CHANNEL = "ios";
const NAME = "registry.example.com/macos/ios";
const [OLD, NEW, BAD] = [`${NAME}:1`, `${NAME}:2`, `${NAME}:3`] as const;
const SAMPLES = 3;

/** So many VMs at once; and so often at most, until a rollout has come to its end. */
const WAVE = 4;
const MOST_WAVES = 30;

/** A new image is given to a few VMs first; whether it then goes on to all or back is decided by how they fare. */
export const rollout: Scenario = {
  summary:
    "a channel moves to a new image step by step; the next one starts nowhere, and is taken back by itself",
  fleet: {
    hosts: 2,
    sim: () => ({
      images: [
        { name: NAME, tags: ["1"], compressedGB: 0.1 },
        { name: NAME, tags: ["2"], compressedGB: 4 },
        // Made for a larger Mac than there is: tart refuses to start it.
        { name: NAME, tags: ["3"], compressedGB: 1, cpu: 64 },
      ],
      cached: [OLD],
    }),
  },
  async play(stage) {
    const { fleet, say, team } = stage;
    const { api } = fleet;
    const ios = await team("ios");
    const jobs = makeJobs(stage, ios);
    const isOver = async () => (await api.channel(CHANNEL)).rollout === null;

    say(`\nChannel ${CHANNEL} is ${OLD}. Jobs ask for the channel, not for an image.`);
    await api.setChannel(CHANNEL, { image: OLD });
    const before = [...(await jobs.wave()), ...(await jobs.wave())];

    say(`\n${NEW} is rolled out. The Macs fetch it first.`);
    const good = await rollOut(stage, NEW);
    const meanwhile = jobs.wave();
    const fetched = await fetchedFirst(stage, good);
    const shiftedEarly = (await meanwhile).filter(({ image }) => image === NEW);
    say(`\nOf every four jobs one is of those who made it and names it: that counts, too.`);
    const after = await jobs.wavesUntil(isOver, NEW);
    const completed = await api.channel(CHANNEL);
    tellDecisions(stage, completed, 6);

    say(`\n${BAD} is rolled out, which starts on no Mac of this fleet.`);
    await fetchedFirst(stage, await rollOut(stage, BAD));
    const lost = await jobs.wavesUntil(isOver);
    const back = await api.channel(CHANNEL);
    tellDecisions(stage, back, 3);
    say("\nWhat comes now gets the image that works.");
    const last = await jobs.wave();

    const steps = completed.decisions.filter(({ kind }) => kind !== "set").map(({ percent }) => percent);
    const [verdict] = back.decisions;
    return [
      {
        what: "Before any VM was shifted, both Macs had the new image.",
        holds: fetched && shiftedEarly.length === 0,
      },
      {
        what: "It went to 10 %, to 50 % and to all, and is the channel's image now.",
        holds: completed.image === NEW && isSame(steps, [100, 100, 50, 10, 0]),
      },
      {
        what: "While it was rolled out, VMs of both images did their jobs.",
        holds:
          [OLD, NEW].every((image) => ofChannel(after).some((vm) => vm.image === image)) &&
          [...before, ...after].every(({ end }) => end?.reason === "runner_exited"),
      },
      {
        what: `The bad image was taken back by the control plane: ${verdict?.why ?? "nobody said why"}`,
        holds:
          back.image === NEW &&
          verdict?.kind === "rolled_back" &&
          verdict.by === "control plane" &&
          verdict.why.startsWith("It fails more often"),
      },
      {
        what: "No job was lost but of the few that had the bad image.",
        holds: lost.every((vm) => (vm.image === BAD) === (vm.end?.reason !== "runner_exited")),
      },
      {
        what: "Afterwards every VM gets the good one, and no Mac was closed for the bad one.",
        holds:
          last.every(({ image, end }) => image === NEW && end?.reason === "runner_exited") &&
          (await api.hosts()).every(({ cordon }) => cordon === null),
      },
    ];
  },
};

/** Those that did not name their image. */
const ofChannel = (vms: readonly VmRecord[]) => vms.filter(({ channel }) => channel !== null);

/** Jobs of the channel, a few at a time. */
function makeJobs({ work }: Stage, ios: Api) {
  let asked = 0;
  /** @param named what the first of them asks for by name */
  const wave = async (named?: string): Promise<VmRecord[]> => {
    const workers = await Promise.all(
      Array.from({ length: WAVE }, (_, n) =>
        work(ios, `job-${(asked += 1)}`, 0, { image: (n === 0 ? named : undefined) ?? `channel:${CHANNEL}` }),
      ),
    );
    return Promise.all(workers.map(({ ended }) => ended));
  };
  return {
    wave,
    async wavesUntil(isOver: () => Promise<boolean>, named?: string): Promise<VmRecord[]> {
      const vms: VmRecord[] = [];
      for (let waves = 0; waves < MOST_WAVES && !(await isOver()); waves += 1)
        vms.push(...(await wave(named)));
      return vms;
    },
  };
}

async function rollOut({ fleet }: Stage, image: string): Promise<string> {
  const { rollout: begun } = await fleet.api.rollOut(CHANNEL, { image, samplesPerStep: SAMPLES });
  return begun?.prepull ?? "";
}

/** Tells how far the Macs are with it; whether they were asked at all, and all have it. */
async function fetchedFirst({ fleet, say }: Stage, planId: string): Promise<boolean> {
  if (planId === "") return false;
  let told = "";
  const plan = await until("the Macs to have it", async () => {
    const now = await fleet.api.imagePlan(planId);
    const pulls = now.progress?.pulls.map(
      ({ host, percent, bytes, totalBytes }) =>
        `${host} ${percent} %${bytes === null || totalBytes === null ? "" : `, ${gigabytes(bytes)} of ${gigabytes(totalBytes)} GB`}`,
    );
    const line = pulls?.join("; ") ?? "";
    if (line !== "" && line !== told) say(`  ${(told = line)}`);
    return now.outcome === null ? undefined : now;
  });
  say(`  ${plan.why ?? ""}`);
  return plan.outcome === "done";
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

function tellDecisions({ say }: Stage, { image, decisions }: ChannelRecord, newest: number): void {
  say(`\nThe channel is ${image} now. What was decided, newest first:`);
  for (const { kind, percent, why, image: about } of decisions.slice(0, newest))
    say(`  ${kind.padEnd(11)} ${String(percent).padStart(3)} %  ${about}: ${why}`);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, n) => number === b[n]);
}
