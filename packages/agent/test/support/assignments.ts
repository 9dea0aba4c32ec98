import { instanceName, type Assignment } from "@tartfleet/shared";

export const IMAGE = "ghcr.io/org/macos:latest";

/** The nth VM's assignment. Its id is of this process alone: VMs that run are found by name, on the whole machine. */
export function assignment(n: number, changes: Partial<Assignment> = {}): Assignment {
  return {
    vmId: `vm${[process.pid, n].map((each) => String(each).padStart(7, "0")).join("")}`,
    attempt: 1,
    want: "running",
    name: `build-${n}`,
    os: "macos",
    image: IMAGE,
    cpu: null,
    memoryMiB: null,
    diskGiB: null,
    run: {},
    runnerKind: null,
    reached: null,
    ...changes,
  };
}

export function nameOf({ vmId, attempt }: Pick<Assignment, "vmId" | "attempt">): string {
  return instanceName(vmId, attempt);
}

export function gone(assignment: Assignment): Assignment {
  return { ...assignment, want: "gone" };
}
