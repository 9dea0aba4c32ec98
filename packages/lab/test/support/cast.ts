import { instanceName, type VmRecord, type VmState } from "@tartfleet/shared";
import type { Fault, FakeJob } from "@tartfleet/tart-sim";
import { githubVm, IMAGES, inState, letGo, simOf, statesOf, UNTIL_LET_GO } from "./lab.ts";
import type { UsedLab } from "./use-lab.ts";

/** The states in which a VM lives. */
export const LIVING = [
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "ready",
  "draining",
  "stopping",
] as const satisfies VmState[];
export type Living = (typeof LIVING)[number];

/** Where each of them is: of the last Mac both slots are taken, so that one more waits for it. */
const MAC_OF: Record<Living, string> = {
  ready: "mac-1",
  draining: "mac-1",
  booting: "mac-2",
  provisioning: "mac-2",
  pulling: "mac-3",
  cloning: "mac-3",
  stopping: "mac-4",
  assigned: "mac-4",
  queued: "mac-4",
};
export const CAST_MACS = 4;
/** Its agent cannot look at it, nor connect therefore, until the cast is let go. */
export const BLIND_MAC = MAC_OF.assigned;

/** The label by which a VM asks for one Mac; a Mac that stands in for others may have theirs as well. */
export const macLabel = (...macs: string[]): string => macs.map((mac) => `${mac}=yes`).join(",");

/** What holds an instance in a state, for as long as it is among its host's faults. */
const HOLDS: Partial<Record<Living, (vm: string) => Fault[]>> = {
  pulling: () => [{ action: "hold", match: { cmd: "pull" } }],
  cloning: (vm) => [{ action: "hold", match: { cmd: "clone", vm } }],
  booting: (vm) => [
    { action: "hold", match: { cmd: "exec", vm } },
    { action: "hold", match: { cmd: "ip", vm } },
  ],
  // The first command in the guest finds out whether it answers.
  provisioning: (vm) => [{ action: "hold", match: { cmd: "exec", vm, nth: 2, times: 1e6 } }],
  stopping: (vm) => [{ action: "hold", match: { cmd: "delete", vm } }],
};

/** A host that cannot look does nothing new, and says nothing. */
const BLIND: Fault = { action: "hold", match: { cmd: "list" } };

/** VMs with a job each, one in every state, held there until they are let go. */
export interface Cast {
  ids: Readonly<Record<Living, string>>;
  /** Lets everything go on, whoever is there to see it. */
  letGo(): Promise<void>;
  /** Waits until all have ended, and answers with what a user sees of each. */
  outcomes(): Promise<Record<Living, Outcome>>;
}

export interface Outcome {
  reason: string | undefined;
  attempt: number;
  /** A boot that nobody heard of may be missing in the history, a second one must not be there. */
  bootedAgain: boolean;
  /** How often its job was begun. */
  begun: number;
  result: string | undefined;
}

/** What is right for a VM that nothing was to happen to. */
export const ONE_WHOLE_LIFE: Outcome = {
  reason: "runner_exited",
  attempt: 1,
  bootedAgain: false,
  begun: 1,
  result: "delivered: success",
};

/** Puts a VM into every state. Needs Macs with `macLabel`s, and the result's names must be new to GitHub. */
export async function makeCast(lab: UsedLab, act: string): Promise<Cast> {
  const { fleet, github } = lab;
  const nameOf = (state: Living) => `${act}-${state}`;
  const ids: Partial<Record<Living, string>> = {};
  const toPull = { name: `registry.example.com/macos/for-${act}`, compressedGB: 0.1 };
  for (const { name } of fleet.hosts) simOf(fleet, name).setImages([...IMAGES, toPull]);
  const create = async (state: Living): Promise<string> => {
    const job: FakeJob = state === "ready" ? { script: UNTIL_LET_GO } : { seconds: 0.2 };
    const vm = await fleet.api.createVm({
      ...githubVm(github, nameOf(state), job),
      hostLabels: { [MAC_OF[state]]: "yes" },
      ...(state === "pulling" ? { image: `${toPull.name}:latest` } : {}),
    });
    ids[state] = vm.id;
    return vm.id;
  };
  /** An instance's name is known only once its VM is: until it is held, its host must not see it. */
  const createHeld = async (mac: string, ...states: Living[]): Promise<void> => {
    simOf(fleet, mac).setFaults([BLIND]);
    const holds: Fault[] = [];
    for (const state of states) {
      const vm = instanceName(await create(state), 1);
      holds.push(...(HOLDS[state]?.(vm) ?? []));
    }
    simOf(fleet, mac).setFaults(holds);
    await Promise.all(states.map((state) => inState(fleet, ids[state] ?? "", state)));
    if (mac === BLIND_MAC) {
      simOf(fleet, mac).setFaults([...holds, BLIND]);
      await inState(fleet, await create("assigned"), "assigned");
      await create("queued");
    }
  };

  const letResultThrough = github.holdResult(nameOf("draining"));
  await Promise.all([
    createHeld("mac-1", "ready", "draining"),
    createHeld("mac-2", "booting", "provisioning"),
    createHeld("mac-3", "pulling", "cloning"),
    createHeld("mac-4", "stopping"),
  ]);
  const all = complete(ids);
  const states = await Promise.all(
    LIVING.map(async (state) => [state, (await fleet.api.getVm(all[state])).state]),
  );
  const misplaced = states.filter(([wanted, is]) => wanted !== is);
  if (misplaced.length > 0) throw new Error(`not in their states: ${JSON.stringify(misplaced)}`);

  const ready = await fleet.api.getVm(all.ready);
  return {
    ids: all,
    async letGo() {
      for (const mac of new Set(Object.values(MAC_OF))) simOf(fleet, mac).setFaults([]);
      letResultThrough();
      await letGo(fleet, ready);
    },
    async outcomes() {
      const ended = await Promise.all(
        LIVING.map(async (state) => {
          const vm = await fleet.api.waitForVm(all[state], "ended");
          return [state, await outcomeOf(lab, vm)] as const;
        }),
      );
      return complete(Object.fromEntries(ended));
    },
  };
}

/** What a user sees of a VM's life and of its job, which has the VM's name. */
async function outcomeOf({ fleet, github }: UsedLab, { id, name, end, attempt }: VmRecord): Promise<Outcome> {
  const events = await fleet.api.vmEvents(id);
  const [job, ...others] = github.jobs().filter((each) => each.name === name);
  if (others.length > 0) throw new Error(`there are several jobs ${name}`);
  return {
    reason: end?.reason,
    attempt,
    bootedAgain: statesOf(events).filter((state) => state === "booting").length > 1,
    begun: job?.timeline.filter(({ what }) => what === "taken").length ?? 0,
    result: job && `${job.result}: ${job.conclusion}`,
  };
}

function complete<T>(parts: Partial<Record<Living, T>>): Record<Living, T> {
  const missing = LIVING.filter((state) => !(state in parts));
  if (missing.length > 0) throw new Error(`none in state ${missing.join(", ")}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- just checked
  return parts as Record<Living, T>;
}
