import { makeSimGitHub, type SimJob } from "@tartfleet/ci-sim/github";
import { reveal, type Bootstrap } from "@tartfleet/shared";
import type { GithubConfig, RunnerDefinition } from "../../../src/integrations/github/config.ts";
import { startGithub } from "../../../src/integrations/github/github.ts";
import type { GuestShell } from "./guest.ts";
import { z } from "zod";
import { startTime } from "./time.ts";
import { startWorld } from "./world.ts";

/** How a job goes, once a runner has it. Seconds are virtual. */
export interface Course {
  seconds?: number;
  /** False: the completed hook is never called. */
  hook?: boolean;
  /** From the hook until the result is sent; the runner exits right after. */
  lateSeconds?: number;
  /** False: the result is never sent. */
  result?: boolean;
  /** False: the runner's process stays. */
  exit?: boolean;
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

/** How often a runner asks whether there is a job for it, or hears that its own is cancelled. */
const LISTEN_MS = 5000;
/** A job whose runner does not renew its lock is failed by the service (actions/runner#4703). */
const LOCK_MS = 600_000;

/**
 * GitHub's stand-in, a control plane that serves it, and Macs whose guests run its runners.
 *
 * @param courses by the job's name; others take a second
 */
export async function startGithubWorld({
  macs = 1,
  mode = "scale-set",
  runners = [{ ...RUNNER, mode }],
  courses = {},
  bootMs = () => 15_000,
}: {
  macs?: number;
  mode?: RunnerDefinition["mode"];
  runners?: RunnerDefinition[];
  courses?: Record<string, Course>;
  bootMs?: () => number;
} = {}) {
  const time = startTime();
  const github = makeSimGitHub({ timeout: time.timeout });
  const cancelled = new Set<number>();
  const secrets: string[] = [];
  /** By the instance: its runner. */
  const takers = new Map<string, string>();
  const told: string[] = [];
  let queueLateMs = 0;
  const config: GithubConfig = {
    url: github.url,
    runners,
    auth: {
      kind: "app",
      id: github.appId,
      installationId: github.installationId,
      privateKey: github.privateKey,
    },
    webhookSecret: github.hook.secret,
  };

  /** The queue's question is held open: time passes meanwhile. */
  const reach: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const isHeld = request.method === "GET" && request.url.includes("/tenant/queue/");
    if (!isHeld) return time.during(() => github.fetch(request));
    const answer = await github.fetch(request);
    if (queueLateMs > 0) await time.sleep(queueLateMs);
    return answer;
  };
  const tell = (about: object, message: string) => void told.push(`${message} ${JSON.stringify(about)}`);

  /** The runner's process: takes one job, works, has the hook called, sends the result, and exits. */
  async function run(credential: Bootstrap["runner"], guest: GuestShell): Promise<number> {
    if (credential?.kind !== "github") throw new Error("this runner is not GitHub's");
    const jit = reveal(credential).jitConfig ?? "";
    secrets.push(jit);
    const name = nameIn(jit);
    takers.set(guest.name, name);
    guest.onDeath(() => {
      const runner = github.runners.named(name);
      if (runner) runner.status = "offline";
    });
    let job: SimJob | undefined;
    while (!job) {
      if (guest.isToldToGo()) return 0;
      // Without its registration it listens for ever, and to nothing (actions/runner#4617).
      if (github.runners.named(name)) job = github.connect(name);
      if (!job) await guest.nap(LISTEN_MS);
    }
    const { id, runId, runAttempt, repository } = job;
    guest.onDeath(() => void time.clock.after(LOCK_MS, () => github.finish(id, "failure")));
    const course = courses[job.name] ?? {};
    const details = { runId: String(runId), runAttempt: String(runAttempt), repository, job: job.name };
    await guest.jobStarted(details);
    const until = time.now() + (course.seconds ?? 1) * 1000;
    while (time.now() < until && !cancelled.has(id)) await guest.nap(Math.min(until - time.now(), 60_000));
    if (course.hook ?? true) await guest.hook();
    await guest.nap((course.lateSeconds ?? 3) * 1000);
    if (course.result ?? true) github.finish(id, cancelled.has(id) ? "cancelled" : "success");
    if (course.exit ?? true) return 0;
    return new Promise(() => {});
  }

  const world = await startWorld(
    time,
    {
      integrate: (parts) => startGithub(config, { log: { info: tell, warn: tell }, fetch: reach }, parts),
      run,
      jobs: () =>
        github.jobs.all.map(({ name, status, starts }) => ({ name, starts, isOver: status === "completed" })),
      runners: () => github.runners.all().map(({ name }) => name),
    },
    { macs, bootMs },
  );
  const deliver = async (headers: Record<string, string>, body: string): Promise<number> => {
    const answer = await world.door("POST", "/github/webhook", { headers, body });
    if (!answer) throw new Error("nobody listens");
    return answer.status;
  };
  github.hook.to(deliver);

  return {
    ...world,
    github,
    /** The credentials that guests were given. */
    secrets,
    /** What the integration said of itself. */
    told,
    job: (name: string, labels = ["ios"]) => github.jobs.queue({ name, labels }),
    /** A VM that a client asks for by itself, with a runner for jobs of that label. @returns its id */
    async clientsVm(label: string, name?: string): Promise<string> {
      const runner = { name: `${label}-${secrets.length}`, labels: [label], scope: "orgs/acme" };
      const { jit } = github.runners.register({ ...runner, groupId: 1, setId: null });
      const asked = {
        image: RUNNER.image,
        runner: { kind: "github", jitConfig: jit },
        ...(name ? { name } : {}),
      };
      const answer = await world.door("POST", "/v1/vms", { token: await world.token("ci"), body: asked });
      const { id } = z.object({ id: z.string() }).parse(JSON.parse(answer?.text ?? "{}"));
      return id;
    },
    /** Webhooks get lost from now on, or no longer. */
    loseWebhooks: (isLost: boolean) => github.hook.to(isLost ? undefined : deliver),
    /** Everything that GitHub has told so far comes again, twice, the newest first. */
    async repeat(): Promise<void> {
      for (const set of github.sets) github.scaleSets.tellAgain(set);
      for (const delivery of github.hook.deliveries().toReversed()) {
        const body = JSON.stringify(delivery.payload);
        const headers = github.hook.headersOf(delivery, body);
        // The second under another id, as another hook would bring it.
        for (const id of [delivery.guid, `${delivery.guid}-again`])
          await deliver({ ...headers, "x-github-delivery": id }, body).catch(() => 0);
      }
    },
    /** All tokens that GitHub has handed out end before their time. */
    expireTokens(): void {
      github.auth.revokeAll();
      github.scaleSets.expireTokens();
    },
    /** From now on messages of scale sets come so late. */
    delayQueues: (milliseconds: number) => void (queueLateMs = milliseconds),
    /** Somebody presses "Cancel workflow": a runner that has it is told, and ends it. */
    cancel(job: SimJob): void {
      if (job.status === "queued") github.jobs.cancel(job.id);
      else cancelled.add(job.id);
    },
    /** The guest that has the job. */
    guestOf: ({ runner }: SimJob) => world.guests().find((guest) => runner?.name === takers.get(guest.name)),
  };
}

export type GithubWorld = Awaited<ReturnType<typeof startGithubWorld>>;

function nameIn(jit: string): string {
  const files: Record<string, string> = JSON.parse(Buffer.from(jit, "base64").toString());
  return Buffer.from(files[".runner"] ?? "", "base64").toString();
}
