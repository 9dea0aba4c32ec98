import type { Time } from "./time.ts";
import type { Door } from "./door.ts";

/** What a runner can do in its guest. Nothing of it goes on once the guest is dead. */
export interface GuestShell {
  /** The instance's name, `tf-<vm id>-<attempt>`. */
  readonly name: string;
  nap(milliseconds: number): Promise<void>;
  /** job-started.sh: a job runs here, and which. */
  jobStarted(details: Record<string, string>): Promise<void>;
  /** suicide.sh as the job's completed hook. */
  hook(): Promise<void>;
  /** supervise.sh has told the runner to go, for no job came. */
  isToldToGo(): boolean;
  /** Called when the guest is no more, however that came. */
  onDeath(call: () => void): void;
}

/** A guest with its runner, which ends by itself, by its runner's exit or by its host. */
export interface Guest extends GuestShell {
  vmId: string;
  attempt: number;
  /** The VM's own. */
  token: string;
  isAlive(): boolean;
  /** Its kernel panics, or it powers off: its host sees it. */
  end(cause: "guest_crashed" | "guest_shutdown"): void;
  /** Its host has done it, or is dead itself. */
  kill(): void;
}

export interface GuestParts {
  time: Time;
  door: Door;
  vmId: string;
  attempt: number;
  token: string;
  /** How long it may wait for a job; 0 for ever. */
  noJobSeconds: number;
  /** The runner, from its start to its exit code. */
  run(guest: GuestShell): Promise<number>;
  onEnd(cause: "guest_crashed" | "guest_shutdown"): void;
}

/** Starts a guest's runner under supervise.sh, beside suicide.sh: the same tries and pauses as theirs. */
export function startGuest({ time, door, token, run, onEnd, noJobSeconds, ...parts }: GuestParts): Guest {
  const { vmId, attempt } = parts;
  const deaths: (() => void)[] = [];
  let isAlive = true;
  let hasJob = false;
  const goesAt = noJobSeconds === 0 ? Number.POSITIVE_INFINITY : time.now() + noJobSeconds * 1000;

  /** What a dead guest waits for never comes. */
  const alive = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work;
    return isAlive ? done : new Promise<never>(() => {});
  };

  function die(): boolean {
    if (!isAlive) return false;
    isAlive = false;
    for (const call of deaths) call();
    return true;
  }

  async function suicide(phase: "job_hook" | "runner_exited", more: Record<string, string>): Promise<void> {
    const [tries, longest] = phase === "job_hook" ? [2, 1] : [20, 20];
    for (let tried = 1; tried <= tries; tried += 1) {
      const query = { phase, ...more };
      const { status = 0 } = (await alive(door("DELETE", `/v1/vms/${vmId}`, { token, query }))) ?? {};
      if ((status >= 200 && status < 300) || [404, 409, 410].includes(status)) return;
      if (tried < tries) await guest.nap(Math.min((tried + 1) * 2, longest) * 1000);
    }
    if (phase === "runner_exited") guest.end("guest_shutdown");
  }

  const guest: Guest = {
    vmId,
    attempt,
    token,
    name: `tf-${vmId}-${attempt}`,
    isAlive: () => isAlive,
    nap: (milliseconds) => alive(time.sleep(milliseconds)),
    async jobStarted(details) {
      hasJob = true;
      const body = { type: "job_started", details };
      for (let tried = 1; tried <= 2; tried += 1) {
        const answer = await alive(door("POST", `/v1/vms/${vmId}/events`, { token, body }));
        if (answer && answer.status < 500) return;
      }
    },
    hook: () => suicide("job_hook", {}),
    isToldToGo: () => !hasJob && time.now() >= goesAt,
    onDeath: (call) => void deaths.push(call),
    end(cause) {
      if (die()) onEnd(cause);
    },
    kill: () => void die(),
  };

  async function supervise(): Promise<void> {
    const rc = await alive(run(guest));
    const cause = guest.isToldToGo() ? { cause: "no_job" } : {};
    await suicide("runner_exited", { rc: String(rc), ...cause });
  }
  void supervise();
  return guest;
}
