import { makeSimGitHub, type Dispatch, type SimJob } from "@tartfleet/ci-sim/github";
import { reveal, type VmRecord } from "@tartfleet/shared";
import { vi } from "vitest";
import type { TakeWebhook } from "../../src/engine/integration.ts";
import type { GithubConfig, RunnerDefinition } from "../../src/integrations/github/config.ts";
import { startGithub } from "../../src/integrations/github/github.ts";
import { callerOf, settle, startFleet } from "./fleet.ts";

/** How a job goes, once a runner has it. Seconds are virtual. */
export interface Course {
  seconds: number;
  /** False: the completed hook is never called. */
  hook?: boolean;
  /** False: the result is not sent. */
  result?: boolean;
  /** False: the runner's process stays. */
  exit?: boolean;
}

interface Guest {
  vmId: string;
  attempt: number;
  runner: string;
  job: SimJob | undefined;
  until: number;
  /** When it gives up to wait for a job. */
  idleUntil?: number;
  isOver: boolean;
}

export const RUNNER: RunnerDefinition = {
  name: "ios",
  scope: { organization: "acme" },
  mode: "scale-set",
  image: "ghcr.io/org/image:1",
  os: "macos",
  hostLabels: {},
  min: 0,
  max: 10,
  idleSeconds: 600,
};

/** What no other host would do better. */
const NO_IMAGE = {
  code: "image_unusable" as const,
  message: "mac-1 cannot clone it: /Users/ci/.tart says no.",
  facts: {},
};

const LIVE = "queued,assigned,pulling,cloning,booting,provisioning,ready,draining,stopping".split(",");

/**
 * A GitHub, a control plane that serves it, and Macs whose guests are played here: all in virtual time, which the
 * system's own date follows.
 */
export async function startGithubWorld({
  hosts = 2,
  runners = [RUNNER],
  courses = {},
  mutes = 0,
  broken = 0,
  auth = "app",
  url = "https://github.test",
  dispatch,
  pollMs = 20,
  listens = true,
  now = 1_780_000_000_000,
}: {
  hosts?: number;
  runners?: RunnerDefinition[];
  /** By the job's name; others take a second. */
  courses?: Record<string, Course>;
  /** Of so many guests, the first ones, GitHub forgets the runner at once. */
  mutes?: number;
  /** Of so many VMs, the first ones, the instance cannot be cloned. */
  broken?: number;
  /** With what GitHub is asked: as an App, or with a personal access token. */
  auth?: "app" | "token";
  /** Where GitHub is, and how it gives jobs to scale sets. */
  url?: string;
  dispatch?: Dispatch;
  /** How long a scale set's queue holds a question open, in real time. */
  pollMs?: number;
  /** False: some scale set is never listened to. */
  listens?: boolean;
  now?: number;
} = {}) {
  vi.useFakeTimers({ toFake: ["Date"], now });
  const github = makeSimGitHub({ url, pollMs, ...(dispatch ? { dispatch } : {}) });
  const config: GithubConfig = {
    url: github.url,
    runners,
    auth:
      auth === "token"
        ? { kind: "token", token: github.auth.newPersonalToken() }
        : {
            kind: "app",
            id: github.appId,
            installationId: github.installationId,
            privateKey: github.privateKey,
          },
    webhookSecret: github.hook.secret,
  };
  const told: string[] = [];
  const log = {
    info: (_about: object, message: string) => void told.push(message),
    warn: (about: object, message: string) => void told.push(`${message} ${JSON.stringify(about)}`),
  };
  let takeWebhook: TakeWebhook | undefined;
  const fleet = await startFleet({
    startAt: now,
    integrate(parts) {
      const integration = startGithub(config, { log, fetch: github.fetch }, parts);
      takeWebhook = integration.takeWebhook;
      return integration;
    },
  });
  const deliver = async (headers: Record<string, string>, body: string) =>
    (await takeWebhook?.({ headers, body: Buffer.from(body) })) ? 202 : 401;
  github.hook.to(deliver);
  const agents = await Promise.all(
    Array.from({ length: hosts }, (_, index) => fleet.host(`mac-${index + 1}`)),
  );
  const guests = new Map<string, Guest>();
  const brokenVms = new Set<string>();
  const secrets: string[] = [];
  let isLost: ReadonlySet<number> = new Set();

  const caller = ({ vmId, attempt }: Guest) => callerOf({ kind: "vm", vmId, attempt });
  const vms = (): VmRecord[] =>
    fleet.useCases.listVms({ state: undefined, limit: 500 }).vms.map(({ id }) => fleet.useCases.getVm(id));

  async function bootAndRemove(): Promise<void> {
    for (const [index, agent] of agents.entries()) {
      if (isLost.has(index)) continue;
      await agent.heartbeat();
      const { assignments } = await agent.assignments();
      for (const { vmId, attempt, want } of assignments) {
        if (want === "gone") {
          guests.delete(vmId);
          await agent.report({ kind: "gone", vmId, attempt });
        } else if (!guests.has(vmId)) {
          if (brokenVms.has(vmId) || brokenVms.size < broken) {
            brokenVms.add(vmId);
            await agent.report({ kind: "failed", vmId, attempt, phase: "cloning", error: NO_IMAGE });
            continue;
          }
          const known = { kind: "phase" as const, vmId, attempt };
          for (const phase of ["booting", "provisioning"] as const) await agent.report({ ...known, phase });
          const bootstrap = await fleet.useCases.agent
            .bootstrap(agent.host, agent.epoch, { vmId, attempt })
            .catch(() => undefined);
          if (bootstrap?.runner?.kind !== "github") continue;
          const jit = reveal(bootstrap.runner).jitConfig ?? "";
          secrets.push(jit);
          const runner = nameIn(jit);
          mutes -= 1;
          if (mutes >= 0) github.runners.forget(github.runners.named(runner)?.id ?? 0);
          // Of an instance that was kept warm the guest is another VM's now.
          const own = bootstrap.forVm ?? { vmId, attempt };
          guests.set(vmId, { ...own, runner, job: undefined, until: 0, isOver: false });
          await agent.report({ ...known, phase: "ready", ip: "192.168.64.2" });
        }
      }
    }
  }

  async function work(): Promise<void> {
    for (const guest of guests.values()) {
      const { useCases, clock } = fleet;
      if (guest.isOver) continue;
      if (!guest.job) {
        if (!github.runners.named(guest.runner)) continue;
        guest.job = github.connect(guest.runner);
        if (!guest.job) {
          guest.idleUntil ??= clock.now() + RUNNER.idleSeconds * 1000;
          if (clock.now() < guest.idleUntil) continue;
          guest.isOver = true;
          github.runners.forget(github.runners.named(guest.runner)?.id ?? 0);
          const gaveUp = { phase: "runner_exited" as const, cause: "no_job" as const, rc: 0 };
          await useCases.endVm(caller(guest), guest.vmId, gaveUp);
          continue;
        }
        guest.until = clock.now() + (courses[guest.job.name]?.seconds ?? 1) * 1000;
        const { runId, runAttempt, repository, name } = guest.job;
        const details = { runId: String(runId), runAttempt: String(runAttempt), repository, job: name };
        await useCases.guestEvent(caller(guest), guest.vmId, { type: "job_started", details });
      } else if (clock.now() >= guest.until || guest.job.status === "completed") {
        const { hook = true, result = true, exit = true } = courses[guest.job.name] ?? {};
        guest.isOver = true;
        if (hook) await useCases.endVm(caller(guest), guest.vmId, { phase: "job_hook" });
        if (result && guest.job.status !== "completed") github.finish(guest.job.id, "success");
        if (exit) await useCases.endVm(caller(guest), guest.vmId, { phase: "runner_exited", rc: 0 });
      }
    }
  }

  const world = {
    github,
    fleet,
    told,
    /** The credentials that guests were given. */
    secrets,
    guests,
    deliver,
    vms,
    live: () => vms().filter(({ state }) => LIVE.includes(state)),
    job: (name: string, labels = ["ios"]) => github.jobs.queue({ name, labels }),
    /** The agents of these hosts, by their index, say and do nothing from now on. */
    lose: (...indexes: number[]) => void (isLost = new Set(indexes)),
    /** Lets virtual time pass, and everybody do what there is to do. */
    async pass(seconds: number, step = 10): Promise<void> {
      for (let passed = 0; passed < seconds; passed += step) {
        await breathe();
        await bootAndRemove();
        await work();
        vi.setSystemTime(fleet.clock.now() + step * 1000);
        await fleet.clock.pass(step * 1000);
      }
      await breathe();
    },
    /** Lets time pass until it holds; virtual minutes at most. */
    async until(what: string, holds: () => boolean, minutes = 30): Promise<void> {
      for (let turn = 0; turn < minutes * 6; turn += 1) {
        if (holds()) return;
        await world.pass(10, 10);
      }
      throw new Error(`not within ${minutes} virtual minutes: ${what}\n${told.join("\n")}`);
    },
    /** All jobs are done, and all VMs of theirs are gone. */
    atRest: () =>
      world.until(
        "all jobs done and all VMs gone",
        () => github.jobs.all.every(({ status }) => status === "completed") && world.live().length === 0,
        90,
      ),
    async metric(name: string): Promise<number> {
      const text = await fleet.useCases.metrics();
      const line = text.split("\n").find((each) => each.startsWith(name));
      return Number(line?.split(" ").at(-1) ?? Number.NaN);
    },
    async close(): Promise<void> {
      await breathe();
      fleet.close();
      vi.useRealTimers();
      if (fleet.errors.length > 0) throw new Error(`fatal: ${String(fleet.errors[0])}`);
    },
  };
  if (listens) await heard(github, runners);
  return world;
}

export type GithubWorld = Awaited<ReturnType<typeof startGithubWorld>>;

/**
 * Waits, in real time alone, until the control plane listens for every scale set: its signatures are made by threads of
 * their own, and virtual minutes would pass before a busy machine has made the first.
 */
async function heard(
  { requests }: ReturnType<typeof makeSimGitHub>,
  runners: readonly RunnerDefinition[],
): Promise<void> {
  const sets = runners.filter(({ mode }) => mode === "scale-set").length;
  const queues = () => new Set(requests.filter((line) => /^GET .*\/queue\//.test(line))).size;
  do await breathe();
  while (queues() < sets);
}

/** Requests of the stand-in are no timers of the virtual clock: they are given real time, which they hardly need. */
async function breathe(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise((done) => setTimeout(done, 1));
    await settle();
  }
}

function nameIn(jit: string): string {
  const files: Record<string, string> = JSON.parse(Buffer.from(jit, "base64").toString());
  return Buffer.from(files[".runner"] ?? "", "base64").toString();
}
