import type { Hello, HostFacts } from "@tartfleet/shared";
import type { Plane } from "./plane.ts";

export const FACTS: HostFacts = {
  agentVersion: "0.1.0",
  tartVersion: "2.30.0",
  osVersion: "15.1",
  arch: "arm64",
  cpu: 8,
  memoryMiB: 16_384,
  diskTotalGiB: 500,
  diskFreeGiB: 400,
  labels: {},
  images: [],
  foreign: [],
  phantomSlots: 0,
};

export const hello = (machineId: string): Hello => ({ protocol: 1, machineId, facts: FACTS, instances: [] });

/** Enrols a host over REST. */
export async function enrol(plane: Plane, name: string, machineId = `machine-${name}`): Promise<string> {
  const { body } = await plane.call("POST", "/v1/hosts", {
    token: plane.tokens["host-enrolment"],
    json: { name, machineId },
  });
  return body.credential;
}

/** A VM on a host of its own, and the token that its guest would have. */
export async function vmWithToken(plane: Plane, name: string) {
  const principal = plane.useCases.authenticate(await enrol(plane, name));
  if (principal?.kind !== "host") throw new Error("not a host");
  const host = { principal, requestId: "test", address: null };
  const vm = await plane.createVm({ hostLabels: { only: name }, jobId: `job-${name}` });
  const { epoch } = await plane.useCases.agent.hello(host, {
    ...hello(`machine-${name}`),
    facts: { ...FACTS, labels: { only: name } },
  });
  const signal = AbortSignal.timeout(10_000);
  for await (const { assignments } of plane.useCases.agent.assignments(host, epoch, signal)) {
    if (assignments.some(({ vmId }) => vmId === vm.id)) break;
  }
  const about = { vmId: vm.id, attempt: 1 };
  for (const phase of ["pulling", "cloning", "booting", "provisioning"] as const) {
    await plane.useCases.agent.report(host, epoch, [{ ...about, kind: "phase", phase }]);
  }
  const { vmToken } = await plane.useCases.agent.bootstrap(host, epoch, about);
  return { id: String(vm.id), token: vmToken.reveal(), host, epoch };
}
