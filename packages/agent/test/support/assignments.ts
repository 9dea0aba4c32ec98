import { instanceName, type Assignment } from "@tartfleet/shared";

export const IMAGE = "ghcr.io/org/macos:latest";

/** The nth VM's assignment. */
export function assignment(n: number, changes: Partial<Assignment> = {}): Assignment {
  return {
    vmId: `vm${String(n).padStart(14, "0")}`,
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
