import { authorize } from "@tartfleet/control-plane/src/api/authorize.ts";
import type { Caller, UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { CallError, instanceName, parseInstanceName, type Bootstrap } from "@tartfleet/shared";
import type { Machine, MachineVm, Run } from "../host/machine.ts";
import { runRunner, type GuestApi } from "../host/runner.ts";
import type { StartRunner } from "../host/sim-guests.ts";
import type { Job } from "../plan/plan.ts";
import { NO_JOB_SECONDS } from "./control-plane.ts";
import type { Http } from "./http.ts";
import type { World } from "./world.ts";

const HOOK_TIMEOUT_MS = 5000;
const EXIT_TIMEOUT_MS = 10_000;

/** The guests of one machine: their runners and what they say to the control plane. */
export function createGuestSide(options: {
  world: World;
  http: Http;
  machine: Machine;
  /** What the VM of that name was asked for. */
  jobOf: (vmName: string) => Job | undefined;
  /** Any other VM. */
  stranger: (vmId: string) => string | undefined;
}): StartRunner {
  const { world, http, machine, jobOf, stranger } = options;
  const { ledger, trace, timeline } = world;
  const place = `guests-${machine.number}`;

  function apiOf(vm: MachineVm, bootstrap: Bootstrap): GuestApi {
    const { vmId = "", attempt = 0 } = bootstrap.forVm ?? parseInstanceName(vm.name) ?? {};
    const callerOf = (useCases: UseCases): Caller => {
      const principal = useCases.authenticate(bootstrap.vmToken.reveal());
      if (!principal) throw new CallError("unauthenticated", "the token is not known");
      return { principal, requestId: vm.name, address: place };
    };
    const ask = async (what: string, timeoutMs: number, act: (useCases: UseCases) => Promise<unknown>) => {
      const answer = await http.request(place, timeoutMs, act);
      trace.note(place, `${vm.name} ${what}: ${answer?.status ?? "no answer"}`);
      return answer?.status;
    };
    return {
      jobStarted() {
        ledger.guestSays(vmId, attempt, "job_started");
        return ask("job_started", HOOK_TIMEOUT_MS, async (useCases) => {
          const caller = callerOf(useCases);
          authorize(useCases, caller, "vm.tell", vmId);
          await useCases.guestEvent(caller, vmId, { type: "job_started", details: {} });
        });
      },
      announce(phase, { jobId, cause } = {}) {
        if (jobId === undefined) ledger.guestSays(vmId, attempt, phase);
        if (phase === "runner_exited") ledger.idleUntil.delete(vm.name);
        if (cause !== undefined) ledger.guestSays(vmId, attempt, cause);
        const timeoutMs = phase === "job_hook" ? HOOK_TIMEOUT_MS : EXIT_TIMEOUT_MS;
        return ask(phase, timeoutMs, async (useCases) => {
          const caller = callerOf(useCases);
          authorize(useCases, caller, "vm.end", vmId);
          const said = jobId ?? bootstrap.jobId ?? undefined;
          await useCases.endVm(caller, vmId, {
            phase,
            rc: 0,
            ...(cause === undefined ? {} : { cause }),
            ...(said === undefined ? {} : { jobId: said }),
          });
        });
      },
      async endStranger() {
        const other = stranger(vmId);
        if (other === undefined) return undefined;
        const status = await ask(`speaks for ${other}`, HOOK_TIMEOUT_MS, async (useCases) => {
          const caller = callerOf(useCases);
          authorize(useCases, caller, "vm.end", other);
          await useCases.endVm(caller, other, { phase: "runner_exited", rc: 0 });
        });
        ledger.strangers.push({ vmId: other, status });
        return status;
      },
    };
  }

  return (vm: MachineVm, run: Run, bootstrap: Bootstrap) => {
    const ref = parseInstanceName(vm.name);
    const job = jobOf(bootstrap.vmName);
    if (!ref || !job || job.runner === null || vm.hasRunner) return;
    vm.hasRunner = true;
    world.loot.vms.push({ ...(bootstrap.forVm ?? ref), token: bootstrap.vmToken.reveal() });
    const instance = instanceName(ref.vmId, ref.attempt);
    ledger.runnerStarts.set(instance, (ledger.runnerStarts.get(instance) ?? 0) + 1);
    trace.note(place, `${vm.name} starts its runner (${job.mode})`);
    if (job.runner === "github") {
      const until = timeline.now() + (job.noJobSeconds ?? NO_JOB_SECONDS) * 1000;
      ledger.idleUntil.set(instance, { vmId: ref.vmId, until });
    }
    run.onEnd.push(() => {
      ledger.jobs.delete(instance);
      ledger.idleUntil.delete(instance);
    });
    void runRunner(
      {
        machine,
        vm,
        run,
        api: apiOf(vm, bootstrap),
        random: machine.random.stream(instance),
        witness: {
          onJob() {
            ledger.jobs.add(instance);
            ledger.hadJob.add(instance);
            ledger.idleUntil.delete(instance);
          },
          onJobOver: () => void ledger.jobs.delete(instance),
        },
      },
      job,
      bootstrap.noJobSeconds ?? 0,
    );
  };
}
