import {
  makeSimJenkins,
  serveSimJenkins,
  serveSteps,
  type PipelineRun,
  type Pipelines,
} from "@tartfleet/ci-sim/jenkins";
import { openLog } from "@tartfleet/log";
import { CallError, reveal, type VmRecord } from "@tartfleet/shared";
import type { UseCases } from "../../src/engine/use-cases.ts";
import { LIMITS } from "../../src/http/limits.ts";
import { openListener } from "../../src/http/listener.ts";
import { serve } from "../../src/http/server.ts";
import { startAgentJar, type AgentJar, type Course } from "./agent-jar.ts";
import { CI, callerOf, settle, startFleet } from "./fleet.ts";

/** Seconds from an assignment until its guest is ready. */
const BOOT_SECONDS = 20;

interface Guest {
  vmId: string;
  attempt: number;
  readyAt: number;
  host: number;
  jar?: AgentJar;
  isOver: boolean;
}

/**
 * A Jenkins whose Pipelines run the library, a control plane behind its real REST API, and Macs whose guests are
 * played here. Time passes when a build has nothing to do but wait.
 */
export async function startJenkinsWorld(pipelines: Pipelines, { courses = [] }: { courses?: Course[] } = {}) {
  const fleet = await startFleet();
  const { clock } = fleet;
  const jenkins = makeSimJenkins({ now: clock.now });
  const served = await serveSimJenkins(jenkins);
  const user = jenkins.access.addUser(
    "controller",
    "Overall/Read",
    "Agent/Create",
    "Agent/Connect",
    "Agent/Delete",
  );

  let isDown = false;
  const useCases = new Proxy(fleet.useCases, {
    get(_, name: keyof UseCases) {
      if (isDown && name === "authenticate") throw new CallError("shutting_down", "It is away");
      return fleet.useCases[name];
    },
  });
  const listener = await openListener({ host: "127.0.0.1", port: 0 }, LIMITS);
  const log = openLog({ level: "fatal" }, { write: () => {} });
  const http = await serve(listener, {
    useCases,
    registry: fleet.registry,
    log,
    clock,
    limits: LIMITS,
    version: "0.0.0",
    trustedProxies: [],
  });
  const { token, id: tokenId } = await fleet.useCases.createToken(CI, { role: "ci", name: "jenkins" });

  const agents = await Promise.all(["mac-1", "mac-2"].map((name) => fleet.host(name)));
  const guests = new Map<string, Guest>();
  const dead = new Set<number>();
  let made = 0;

  const vms = (): VmRecord[] =>
    fleet.useCases.listVms({ state: undefined, limit: 500 }).vms.map(({ id }) => fleet.useCases.getVm(id));

  async function bootAndRemove(): Promise<void> {
    for (const [host, agent] of agents.entries()) {
      if (dead.has(host)) continue;
      await agent.heartbeat();
      for (const { vmId, attempt, want } of (await agent.assignments()).assignments) {
        const key = `${vmId} ${attempt}`;
        const guest = guests.get(key);
        if (want === "gone") {
          guest?.jar?.die();
          guests.delete(key);
          await agent.report({ kind: "gone", vmId, attempt });
        } else if (!guest) {
          guests.set(key, {
            vmId,
            attempt,
            host,
            readyAt: clock.now() + BOOT_SECONDS * 1000,
            isOver: false,
          });
          await agent.report({ kind: "phase", vmId, attempt, phase: "booting" });
        } else if (!guest.jar && !guest.isOver && clock.now() >= guest.readyAt) {
          await agent.report({ kind: "phase", vmId, attempt, phase: "provisioning" });
          const { runner } = await fleet.useCases.agent.bootstrap(agent.host, agent.epoch, { vmId, attempt });
          if (runner?.kind !== "jenkins") throw new Error("the VM's runner is not Jenkins'");
          guest.jar = startAgentJar(jenkins, reveal(runner), clock.now, courses[made]);
          made += 1;
          await agent.report({ kind: "phase", vmId, attempt, phase: "ready", ip: "192.168.64.2" });
        }
      }
    }
  }

  async function work(): Promise<void> {
    for (const guest of guests.values()) {
      guest.jar?.look();
      if (!guest.jar?.exited || guest.isOver || dead.has(guest.host)) continue;
      guest.isOver = true;
      const { vmId, attempt } = guest;
      await fleet.useCases
        .endVm(callerOf({ kind: "vm", vmId, attempt }), vmId, { phase: "runner_exited", rc: 0 })
        .catch(() => {});
    }
    jenkins.dispatch();
  }

  /** What is done as soon as it holds, once. */
  const plans: { holds: () => boolean; act: () => unknown }[] = [];
  async function pass(milliseconds: number): Promise<void> {
    await bootAndRemove();
    await work();
    for (const plan of plans.filter(({ holds }) => holds())) {
      plans.splice(plans.indexOf(plan), 1);
      await plan.act();
    }
    await clock.pass(milliseconds);
    await work();
  }

  const steps = await serveSteps({ jenkins, now: clock.now, pass });

  const world = {
    fleet,
    jenkins,
    guests,
    vms,
    live: () => vms().filter(({ endedAt }) => endedAt === null),
    abort: steps.abort,
    crash: steps.crash,
    /** The control plane answers nobody. */
    down: (down: boolean) => void (isDown = down),
    revokeToken: () => fleet.useCases.revokeToken(CI, tokenId),
    when: (holds: () => boolean, act: () => unknown) => void plans.push({ holds, act }),
    after: (seconds: number, act: () => unknown) => {
      const at = clock.now() + seconds * 1000;
      world.when(() => clock.now() >= at, act);
    },
    /** A guest's machine is gone at once; its agent learns of it. */
    async killGuest(): Promise<void> {
      for (const guest of guests.values()) {
        guest.jar?.die();
        guest.isOver = true;
        const { vmId, attempt } = guest;
        await agents[guest.host]?.report({
          kind: "run_ended",
          vmId,
          attempt,
          cause: "guest_crashed",
          logTail: "",
        });
      }
    },
    /** All hosts with guests are gone. */
    killHosts(): void {
      for (const guest of guests.values()) {
        guest.jar?.die();
        dead.add(guest.host);
      }
    },
    reviveHosts: () => dead.clear(),
    run: (script: string, { number = 1, ...given }: Partial<PipelineRun> & { number?: number } = {}) =>
      pipelines.run({
        script,
        build: `app/main#${number}`,
        env: {
          BUILD_TAG: `jenkins-app-main-${number}`,
          JENKINS_URL: served.url,
          TARTFLEET_URL: `http://127.0.0.1:${listener.port}`,
        },
        credentials: { tartfleet: token },
        jenkins: served.url,
        user,
        world: steps.url,
        ...given,
      }),
    /** Lets time pass while no build does. */
    async pass(seconds: number, by = 15): Promise<void> {
      for (let passed = 0; passed < seconds; passed += by) await pass(by * 1000);
    },
    async close(): Promise<void> {
      await steps[Symbol.asyncDispose]();
      await settle();
      await http.close();
      await served[Symbol.asyncDispose]();
      fleet.close();
      if (fleet.errors.length > 0) throw new Error(`fatal: ${String(fleet.errors[0])}`);
    },
  };
  return world;
}

export type JenkinsWorld = Awaited<ReturnType<typeof startJenkinsWorld>>;
