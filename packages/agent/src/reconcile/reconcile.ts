import {
  canonicalImage,
  instanceName,
  SLOTS_PER_HOST,
  type Assignment,
  type GuestOs,
} from "@tartfleet/shared";
import { newInstance, ownAttempt, type Instance } from "./instance.ts";
import {
  nextStep,
  type Orders,
  type SeenInstance,
  type Step,
  type StepKind,
  type Want,
} from "./next-step.ts";

/** One tart VM as a look found it. */
export interface SeenVm {
  name: string;
  /** tart says so, or its `tart run` process is alive. */
  running: boolean;
  /** null when it could not be learned. */
  os: GuestOs | null;
}

/** What one look at the host found. */
export interface Seen {
  vms: ReadonlyMap<string, SeenVm>;
  /** Names of our instances whose run log exists. */
  logs: ReadonlySet<string>;
  /** As tart lists them. */
  images: ReadonlySet<string>;
}

export interface ReconcileInput {
  /** The newest set; null when none of the present log was received yet. */
  wanted: readonly Assignment[] | null;
  seen: Seen;
  instances: ReadonlyMap<string, Instance>;
  /** Steps that are being carried out, by instance. */
  busy: ReadonlyMap<string, StepKind>;
  /** Unwanted for long enough. */
  isDue: (name: string) => boolean;
  now: number;
}

export interface Decision {
  steps: { name: string; step: Exclude<Step, { kind: "rest" }> }[];
  /** Instances whose present step is no longer wanted. */
  cutOff: string[];
}

/** Every attempt that is wanted, seen or remembered, with what is known of it. */
export function track(
  instances: ReadonlyMap<string, Instance>,
  wanted: readonly Assignment[] | null,
  seen: Seen,
): Map<string, Instance> {
  const all = new Map(instances);
  for (const assignment of wanted ?? []) {
    const name = instanceName(assignment.vmId, assignment.attempt);
    const known = all.get(name);
    if (!known) all.set(name, newInstance(name, assignment, assignment.os));
    else if (known.entry.os === null) all.set(name, withOs(known, assignment.os));
  }
  for (const { name, os } of seen.vms.values()) {
    const ref = ownAttempt(name);
    if (ref && !all.has(name)) all.set(name, newInstance(name, ref, os));
  }
  return all;
}

/**
 * The next step of every instance. Holds the host's own limit: with what runs, what is being started and
 * what is foreign, a step that would make a third macOS VM run becomes `no_slot`.
 */
export function reconcile(input: ReconcileInput): Decision {
  const decision: Decision = { steps: [], cutOff: [] };
  const taken = takenSlots(input);
  for (const name of inOrder(input)) {
    const instance = input.instances.get(name);
    if (!instance) continue;
    const orders = ordersFor(name, instance, input);
    const running = input.busy.get(name);
    if (running !== undefined) {
      if (orders.want === "gone" && BRINGS_UP.has(running)) decision.cutOff.push(name);
      continue;
    }
    let step = nextStep(orders, seenOf(name, input.seen), instance, input.now);
    if (step.kind === "run" && instance.entry.os !== "linux") {
      if (taken.size >= SLOTS_PER_HOST) step = { kind: "no_slot" };
      else taken.add(name);
    }
    if (step.kind !== "rest") decision.steps.push({ name, step });
  }
  return decision;
}

/** Names of the macOS VMs that hold a slot; one whose system is not known is taken for macOS. */
export function takenSlots({
  seen,
  instances,
  busy,
}: Pick<ReconcileInput, "seen" | "instances" | "busy">): Set<string> {
  const taken = new Set<string>();
  for (const { name, running, os } of seen.vms.values()) {
    if (running && (instances.get(name)?.entry.os ?? os) !== "linux") taken.add(name);
  }
  for (const [name, kind] of busy) {
    if (kind === "run" && instances.get(name)?.entry.os !== "linux") taken.add(name);
  }
  return taken;
}

const BRINGS_UP: ReadonlySet<StepKind> = new Set([
  "pull",
  "clone",
  "configure",
  "reach_guest",
  "provision",
] satisfies StepKind[]);

/** Assignments first and in their order: the one that was placed first gets the slot first. */
function inOrder({ wanted, instances }: ReconcileInput): Set<string> {
  const names = (wanted ?? []).map(({ vmId, attempt }) => instanceName(vmId, attempt));
  return new Set([...names, ...[...instances.keys()].sort()]);
}

function ordersFor(name: string, instance: Instance, { wanted, seen, isDue }: ReconcileInput): Orders {
  const assignment = wanted?.find(
    ({ vmId, attempt }) => vmId === instance.entry.vmId && attempt === instance.entry.attempt,
  );
  if (assignment) {
    return {
      want: assignment.want,
      isScript: assignment.runnerKind === "script",
      isWarm: assignment.warm ?? false,
      imageCached: seen.images.has(canonicalImage(assignment.image) ?? assignment.image),
      reached: assignment.reached,
    };
  }
  const want: Want = wanted === null ? "unknown" : isDue(name) ? "gone" : "unwanted";
  return { want, isScript: false, isWarm: false, imageCached: false, reached: null };
}

function seenOf(name: string, seen: Seen): SeenInstance {
  const vm = seen.vms.get(name);
  return {
    state: vm === undefined ? "absent" : vm.running ? "running" : "stopped",
    logExists: seen.logs.has(name),
  };
}

function withOs(instance: Instance, os: GuestOs): Instance {
  return { ...instance, entry: { ...instance.entry, os } };
}
