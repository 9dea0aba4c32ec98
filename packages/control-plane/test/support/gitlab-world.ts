import { PassThrough } from "node:stream";
import {
  startGitlabJob,
  type Execute,
  type Execution,
  type GitlabJob,
  type RunnerOptions,
} from "@tartfleet/ci-sim/gitlab";
import { createClient, TartfleetError } from "@tartfleet/client";
import type { ExecOptions, NodeClient, NodeClientOptions } from "@tartfleet/client/node";
import { callStage } from "@tartfleet/gitlab-executor/call";
import { CallError, toProblem, TUNNEL_CUTS, type TunnelCut, type VmRecord } from "@tartfleet/shared";
import { vi } from "vitest";
import { callerOf, CI, settle, startFleet } from "./fleet.ts";
import { SimGuest } from "./gitlab-guest.ts";
import { serveInProcess } from "./in-process.ts";

const URL_OF_IT = "http://127.0.0.1:7337";
const IMAGE = "ghcr.io/org/image:1";

/** Seconds at a time, while little time passes and while much does. */
const STEP = { little: 1, much: 20 };
const OPEN_MS = 15_000;

/** Called before each call of the executable with its stage; what it gives back kills the call after so many seconds. */
type Fate = (stage: string) => number | undefined;

export interface WorldOptions {
  hosts?: number;
  /** Flags of config, besides where the control plane is and what images there are. */
  flags?: readonly string[];
  runner?: Partial<Pick<RunnerOptions, "cleansUpBetween" | "prepareTimeoutMs">>;
  fate?: Fate;
  /** A stage that is called a second time once it has ended. */
  twice?: string;
}

/**
 * A gitlab-runner that calls the executor, a control plane that is asked by its REST face, and Macs whose guests are played:
 * all in this process and in virtual time, which setTimeout and the system's own date follow.
 */
export async function startGitlabWorld({
  hosts = 1,
  flags = [],
  runner = {},
  fate = () => undefined,
  twice,
}: WorldOptions = {}) {
  const startAt = 1_780_000_000_000;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: startAt });
  const fleet = await startFleet({ startAt });
  const macs = await Promise.all(
    Array.from({ length: hosts }, (_, index) => fleet.host(`mac-${index + 1}`, { tunnelKinds: ["exec"] })),
  );
  const newToken = () => fleet.useCases.createToken(CI, { role: "ci", name: "gitlab", team: "default" });
  const { id: tokenId, token } = await newToken();
  let face = await serveInProcess(fleet.useCases);
  let away = new AbortController();
  let asking = 0;
  let boots = true;
  let removes = true;
  let isClosed = false;
  const lost = new Set<number>();
  const guests = new Map<string, SimGuest>();
  const everRan: { vm: string; line: string }[] = [];

  async function fetch_(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    asking += 1;
    try {
      await settle();
      if (away.signal.aborted) throw new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });
      return await face.fetch(new URL(input instanceof Request ? input.url : input), init);
    } finally {
      asking -= 1;
    }
  }

  async function exec(bearer: string, vmId: string, argv: readonly string[], options: ExecOptions) {
    if (away.signal.aborted) throw new TartfleetError("unreachable", "no answer: ECONNREFUSED");
    const principal = fleet.useCases.authenticate(bearer);
    if (!principal) throw refused(new CallError("unauthenticated", "Send a valid token"));
    const tunnel = await fleet.useCases
      .openTunnel(callerOf(principal), vmId, "exec")
      .catch((error: unknown) => {
        throw error instanceof CallError ? refused(error) : error;
      });
    const invalid = new AbortController();
    const release = fleet.useCases.whenInvalid(bearer, () => invalid.abort("token_invalid"));
    const cuts = [tunnel.signal, away.signal, invalid.signal];
    const cut = AbortSignal.any([...cuts, ...(options.signal ? [options.signal] : [])]);
    try {
      const guest = guests.get(vmId);
      if (!guest || isGone(vmId)) return await notOpened(cut);
      return await guest.exec(argv, options, cut);
    } catch (error) {
      options.signal?.throwIfAborted();
      const why = cuts.find(({ aborted }) => aborted)?.reason as TunnelCut | "connection_lost" | undefined;
      if (why === undefined) throw error;
      throw new TartfleetError(why, why === "connection_lost" ? "It was lost." : TUNNEL_CUTS[why].text);
    } finally {
      release();
      void tunnel.ended({ reason: "client_left", toGuest: 0, fromGuest: 0 });
    }
  }

  const isGone = (vmId: string) =>
    [...lost].some((index) => fleet.useCases.getVm(vmId).host === `mac-${index + 1}`);

  /** A client whose process can be killed: nothing that it waits for comes any more. */
  function connectFor(dead: AbortSignal) {
    const whileAlive = <T>(work: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const unless = (call: () => void) => () => void (dead.aborted || call());
        work.then(
          (value) => unless(() => resolve(value))(),
          (error: unknown) => unless(() => reject(error))(),
        );
      });
    return ({ url, token: bearer, retryForMs }: NodeClientOptions): NodeClient => ({
      ...createClient({
        url,
        token: bearer,
        fetch: (input, init) => (dead.aborted ? new Promise(() => {}) : whileAlive(fetch_(input, init))),
        ...(retryForMs === undefined ? {} : { retryForMs }),
      }),
      exec: (id, argv, options) => {
        const signal = options.signal ? AbortSignal.any([options.signal, dead]) : dead;
        return whileAlive(exec(bearer, id, argv, { ...options, signal }));
      },
      logs: () => Promise.reject(new Error("no stage reads a VM's logs")),
    });
  }

  const execute: Execute = async (execution) => {
    const [command = "", , name = ""] = execution.args;
    const stage = command === "run" ? name : command;
    if (stage === twice) await executeOnce({ ...execution, stdout: new PassThrough().resume() }, stage);
    return executeOnce(execution, stage);
  };

  function executeOnce(execution: Execution, stage: string): Promise<number | null> {
    const { args, env, stdout, stderr, signal, gracefulKillMs } = execution;
    const dead = new AbortController();
    const after = fate(stage);
    if (after !== undefined) setTimeout(() => dead.abort(), after * 1000);
    const forced = () => void setTimeout(() => dead.abort(), gracefulKillMs);
    signal.addEventListener("abort", forced, { once: true });
    return new Promise((resolve) => {
      dead.signal.addEventListener("abort", () => resolve(null));
      if (after === 0) dead.abort();
      else
        void callStage(args, {
          env,
          stdout,
          say: (line) => void (dead.signal.aborted || stderr.write(`${line}\n`)),
          signal,
          clock: { now: Date.now, pause: virtualPause },
          connect: connectFor(dead.signal),
        }).then(resolve);
    });
  }

  async function tendHosts(): Promise<void> {
    for (const [index, mac] of macs.entries()) {
      if (lost.has(index)) continue;
      await mac.heartbeat();
      const { assignments } = await mac.assignments();
      for (const { vmId, attempt, want } of assignments) {
        const known = { vmId, attempt };
        if (want === "gone") {
          if (!removes) continue;
          guests.get(vmId)?.die();
          await mac.report({ kind: "gone", ...known });
        } else if (!guests.has(vmId)) {
          if (!boots) continue;
          for (const phase of ["booting", "provisioning"] as const)
            await mac.report({ kind: "phase", phase, ...known });
          const guest = new SimGuest((line) => everRan.push({ vm: vmId, line }));
          guests.set(vmId, guest);
          await mac.report({ kind: "phase", phase: "ready", ip: "192.168.64.2", ...known });
        } else if (guests.get(vmId)?.isDead) {
          await mac.report({ kind: "run_ended", cause: "unknown", logTail: "", ...known });
        }
      }
    }
  }

  /** Until nothing is asked any more and all that it set off is done. */
  async function quiet(): Promise<void> {
    for (let calm = 0; calm < 2; calm += 1) {
      await settle();
      if (asking > 0) calm = -1;
    }
  }

  const world = {
    fleet,
    /** Every line that was run in any guest, in order. */
    everRan,
    token,
    start(job: GitlabJob, env: Record<string, string> = {}) {
      const config = ["--url", URL_OF_IT, "--images", "ghcr.io/org/*", ...flags];
      const options: RunnerOptions = {
        file: "tartfleet-gitlab-executor",
        args: { config: ["config", ...config], prepare: ["prepare"], run: ["run"], cleanup: ["cleanup"] },
        env: { TARTFLEET_TOKEN: token, ...env },
        execute,
        ...runner,
      };
      const running = startGitlabJob(options, { image: IMAGE, ...job });
      return Object.assign(running, {
        /** Lets time pass until it is over. */
        async over(minutes = 240) {
          let isOver = false;
          void running.done.then(() => (isOver = true));
          await world.until("the job to be over", () => isOver, minutes);
          return running.done;
        },
        until: (text: string, minutes = 30) =>
          world.until(`the trace to show ${text}`, () => running.trace().includes(text), minutes),
      });
    },
    vms: (): VmRecord[] =>
      fleet.useCases
        .listVms({ state: undefined, limit: 500 })
        .vms.map(({ id }) => fleet.useCases.getVm(id))
        .toReversed(),
    guests,
    /** Somebody else's VM, which takes a slot. */
    occupy: () => fleet.create(),
    anotherToken: async () => (await newToken()).token,
    end: (id: string) => fleet.useCases.endVm(CI, id, {}),
    revoke: () => fleet.useCases.revokeToken(CI, tokenId),
    /** Guests that are asked for do not come up, until they may. */
    holdBoots: (held: boolean) => void (boots = !held),
    /** What is to go stays, until it may go. */
    holdRemovals: (held: boolean) => void (removes = !held),
    /** The Mac and all that ran on it are gone, without a word. */
    loseHost(index = 0) {
      lost.add(index);
      for (const vm of world.vms()) if (vm.host === `mac-${index + 1}`) guests.get(vm.id)?.die();
    },
    async findHost(index = 0) {
      lost.delete(index);
      await macs[index]?.hello();
    },
    /** The control plane stops. */
    leave: () => away.abort("connection_lost"),
    /** It starts again, on the same database. */
    async comeBack() {
      await face.close();
      await fleet.restart();
      face = await serveInProcess(fleet.useCases);
      away = new AbortController();
      for (const [index, mac] of macs.entries()) if (!lost.has(index)) await mac.hello();
    },
    async outage(seconds: number) {
      world.leave();
      await world.pass(seconds);
      await world.comeBack();
    },
    /** Lets virtual time pass, and everybody do what there is to do. */
    async pass(seconds: number): Promise<void> {
      for (let left = seconds; left > 0;) {
        const step = Math.min(left, STEP.much);
        left -= step;
        await quiet();
        if (!away.signal.aborted) await tendHosts();
        await quiet();
        vi.advanceTimersByTime(step * 1000);
        if (away.signal.aborted) fleet.clock.set(step * 1000);
        else await fleet.clock.pass(step * 1000);
      }
      await quiet();
    },
    async until(what: string, holds: () => boolean, minutes = 30): Promise<void> {
      for (let passed = 0; passed < minutes * 60;) {
        if (holds()) return;
        const step = passed < 60 ? STEP.little : STEP.much;
        passed += step;
        await world.pass(step);
      }
      throw new Error(`not within ${minutes} virtual minutes: ${what}`);
    },
    /** Every VM has ended, and why; in the order in which they were made. */
    async ends(minutes = 90) {
      await world.until("all VMs gone", () => world.vms().every(({ endedAt }) => endedAt !== null), minutes);
      return world.vms().map(({ end }) => end?.reason);
    },
    async close(): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      await quiet();
      await face.close();
      fleet.close();
      vi.useRealTimers();
      if (fleet.errors.length > 0) throw new Error(`fatal: ${String(fleet.errors[0])}`);
    },
  };
  return world;
}

export type GitlabWorld = Awaited<ReturnType<typeof startGitlabWorld>>;

function refused(error: CallError): TartfleetError {
  return new TartfleetError(error.code, error.message, { status: toProblem(error).status });
}

/** Nobody at the host opens the tunnel. */
async function notOpened(cut: AbortSignal): Promise<never> {
  await virtualPause(OPEN_MS, cut);
  throw refused(new CallError("tunnel_not_opened", "The host's agent did not open the tunnel in time"));
}

function virtualPause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
