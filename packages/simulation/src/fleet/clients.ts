import type { Caller } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { createVmSchema, isTerminal } from "@tartfleet/shared";
import { CHANNEL } from "../plan/channels.ts";
import type { Job } from "../plan/plan.ts";
import type { Http } from "./http.ts";
import type { World } from "./world.ts";

/** A text that must never be seen where secrets have no place. */
export const CANARY = "c4n4ry-s3cr3t";

const CI: Caller = {
  principal: { kind: "token", tokenId: "ci0", role: "ci", name: "ci", team: "default" },
  requestId: "clients",
  address: "clients",
};
const ciOf = (team: Job["team"]): Caller =>
  team === undefined
    ? CI
    : { ...CI, principal: { kind: "token", tokenId: `ci-${team}`, role: "ci", name: team, team } };
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 4000;

/** Nobody answered, or not now: asked again it may be otherwise. */
const isLater = (answer: { status: number } | undefined) => answer === undefined || answer.status >= 500;

/** CI systems that ask for VMs and end some; they repeat what was not answered. */
export interface Clients {
  create(job: Job): void;
  /** Ends the VM of that job, if it is known by then. */
  end(n: number): void;
  /** Holds it, for so many milliseconds. */
  hold(n: number, ms: number): void;
  /** Ends every VM that lives, until none does. */
  endAll(): void;
  jobOf(vmName: string): Job | undefined;
  /** The VM of a job, once it is acknowledged. */
  vmOf(n: number): string | undefined;
}

export function createClients(world: World, http: Http): Clients {
  const { timeline, ledger, trace } = world;
  const jobs = new Map<string, Job>();
  const vms = new Map<number, string>();

  async function untilAnswered<T extends { status: number }>(
    act: () => Promise<T | undefined>,
    tries: number,
  ): Promise<T | undefined> {
    for (let tried = 1; tried <= tries; tried += 1) {
      const answer = await act();
      if (!isLater(answer)) return answer;
      await timeline.sleep(PAUSE_MS);
    }
    return undefined;
  }

  async function create(job: Job): Promise<void> {
    const name = `job-${job.n}`;
    jobs.set(name, job);
    const input = createVmSchema.parse({
      image: job.isOfChannel ? `channel:${CHANNEL}` : `ghcr.io/org/${job.os}:${job.n % 3}`,
      name,
      os: job.os,
      jobId: `ci-${job.n}`,
      ttlSeconds: job.ttlSeconds,
      ...job.size,
      priority: job.priority,
      queueTimeoutSeconds: job.queueTimeoutSeconds,
      noJobTimeoutSeconds: job.noJobSeconds,
      env: { SECRET: CANARY },
      ...(job.runner === "github" ? { runner: { kind: "github", jitConfig: CANARY } } : {}),
      ...(job.runner === "script" ? { runner: { kind: "script", script: `echo ${CANARY}` } } : {}),
    });
    const answer = await untilAnswered(
      () =>
        http.request("clients", TIMEOUT_MS, (useCases) =>
          useCases.createVm(ciOf(job.team), input, `key-${job.n}`),
        ),
      200,
    );
    const vm = answer?.body?.vm;
    trace.note("clients", `${name}: ${vm ? `VM ${vm.id}` : (answer?.status ?? "no answer")}`);
    if (!vm) return;
    ledger.acknowledged.add(vm.id);
    vms.set(job.n, vm.id);
  }

  async function end(id: string): Promise<void> {
    ledger.endAsked.add(id);
    const answer = await untilAnswered(
      () => http.request("clients", TIMEOUT_MS, (useCases) => useCases.endVm(CI, id, {})),
      50,
    );
    trace.note("clients", `end ${id}: ${answer?.status ?? "no answer"}`);
  }

  async function hold(id: string, ms: number): Promise<void> {
    const forSeconds = Math.max(60, Math.ceil(ms / 1000));
    const answer = await http.request("clients", TIMEOUT_MS, (useCases) =>
      useCases.holdVm(CI, id, { forSeconds }),
    );
    trace.note("clients", `hold ${id} for ${forSeconds} s: ${answer?.status ?? "no answer"}`);
  }

  async function endAll(): Promise<void> {
    for (;;) {
      const answer = await http.request("clients", TIMEOUT_MS, async (useCases) =>
        useCases.listVms({ state: undefined, limit: 500 }),
      );
      const live = answer?.body?.vms.filter(({ state }) => !isTerminal(state));
      if (live?.length === 0) return;
      for (const { id, state } of live ?? []) if (state !== "stopping") await end(id);
      await timeline.sleep(PAUSE_MS);
    }
  }

  return {
    create: (job) => void create(job),
    end(n) {
      const id = vms.get(n);
      if (id !== undefined) void end(id);
    },
    hold(n, ms) {
      const id = vms.get(n);
      if (id !== undefined) void hold(id, ms);
    },
    endAll: () => void endAll(),
    jobOf: (vmName) => jobs.get(vmName),
    vmOf: (n) => vms.get(n),
  };
}
