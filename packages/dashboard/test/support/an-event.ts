import type { VmEvent, VmState } from "@tartfleet/shared";

const START = Date.parse("2026-03-01T12:00:00Z");

/** So many seconds after the VM was accepted. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

let id = 0;

export function anEvent(seconds: number, state: VmState, parts: Partial<VmEvent> = {}): VmEvent {
  return {
    id: (id += 1),
    vmId: "0123456789abcdef",
    at: at(seconds),
    type: "state",
    state,
    attempt: 0,
    source: "host",
    message: "",
    data: {},
    ...parts,
  };
}
