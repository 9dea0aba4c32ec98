import { atAgentsDoor, inConfig, inUseCases, mutation, type Mutation } from "./plant.ts";

/** Budgets, timers, and what a call of an agent, a guest or a client comes to. */
export const IN_THE_ENGINE: readonly Mutation[] = [
  inConfig("no grace after a job's hook: nobody waits for the result", { hookGraceSeconds: 0 }),
  inConfig("a host is given up the moment it is silent", { leaseSeconds: 2, silentGraceSeconds: 0 }),
  mutation("timers are lost at a restart", {
    controlPlaneClock: (clock, life) =>
      life === 1 ? clock : { ...clock, after: (ms, call) => clock.after(ms > 1000 ? 1e9 : ms, call) },
  }),
  mutation("the control plane goes by a clock of its own pace", {
    controlPlaneClock: (clock) => ({ ...clock, after: (ms, call) => clock.after(ms * 3, call) }),
  }),

  atAgentsDoor("a stale session may go on", (agent) => {
    let latest = 0;
    return {
      async hello(host, hello) {
        const welcome = await agent.hello(host, hello);
        latest = welcome.epoch;
        return welcome;
      },
      heartbeat: (host, _epoch, changed) => agent.heartbeat(host, latest, changed),
    };
  }),
  atAgentsDoor("of reports that come together only the first is applied", (agent) => ({
    async report(host, epoch, reports) {
      await agent.report(host, epoch, reports.slice(0, 1));
      return reports.map(() => ({ outcome: "applied" as const }));
    },
  })),
  atAgentsDoor("the set of assignments is sent once only", (agent) => ({
    async *assignments(host, epoch, signal) {
      for await (const set of agent.assignments(host, epoch, signal)) {
        yield set;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      }
    },
  })),
  inUseCases("a guest's token is good for any VM", (useCases) => ({
    authenticate(bearer) {
      const principal = useCases.authenticate(bearer);
      return principal?.kind === "vm"
        ? { kind: "token", tokenId: "vm", role: "admin", name: "vm", team: null }
        : principal;
    },
  })),
  inUseCases("of a VM that waits it is said that nothing keeps it", (useCases) => ({
    explainVm(id) {
      const explanation = useCases.explainVm(id);
      const { waiting } = explanation;
      const unblock = { what: "placing" as const, text: "" };
      return { ...explanation, waiting: waiting && { ...waiting, unblock } };
    },
  })),
  inUseCases("a hook's announcement counts as the runner's exit", (useCases) => ({
    endVm: (caller, id, query) =>
      useCases.endVm(
        caller,
        id,
        caller.principal.kind === "vm" ? { ...query, phase: "runner_exited" } : query,
      ),
  })),
  inUseCases("a job's start ends the VM (a guess that it is the last)", (useCases) => ({
    async guestEvent(caller, id, event) {
      const vm = await useCases.guestEvent(caller, id, event);
      await useCases.endVm({ ...caller, principal: { kind: "host", hostId: 0, hostName: "guess" } }, id, {});
      return vm;
    },
  })),
  inUseCases("a client's end is taken for a guest's announcement", (useCases) => ({
    endVm: (caller, id, query) =>
      caller.principal.kind === "vm"
        ? useCases.endVm(caller, id, query)
        : Promise.resolve(useCases.getVm(id)),
  })),
  mutation("a restored database keeps the name of its log", { restoreMakesNewLog: false }),
];
