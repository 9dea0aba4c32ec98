import { sleep, type Clock } from "../clock.ts";
import { AgentStop } from "../process/exit.ts";
import type { AgentJob } from "./launchd.ts";
import type { RunningAgent } from "./running-agent.ts";
import type { Versions } from "./versions.ts";

/** The host whose agent is upgraded. */
export interface Host {
  versions: Versions;
  job: AgentJob;
  /** Undefined when none runs. */
  seeAgent(): Promise<RunningAgent | undefined>;
  clock: Clock;
  /** How long a version may take to be connected. */
  waitMs: number;
  /** How long it must stay so. */
  settleMs: number;
  say(line: string): void;
}

const LOOK_MS = 200;

/**
 * Makes a version, whose folder is there, the one that runs; or the one before it, when it does not come up. Whatever
 * ends this in between leaves `current` at one of the two, and doing it again goes on from there.
 *
 * @returns what became of it
 * @throws AgentStop when another version runs in the end, or none
 */
export async function switchTo(version: string, host: Host): Promise<string> {
  const { versions, job, say } = host;
  const before = await versions.read("current");
  const earlier = await versions.read("previous");
  if (before !== version) {
    // In this order: a crash in between leaves a `previous` that is the same as `current`, and nothing is lost.
    await versions.point("previous", before);
    await versions.point("current", version);
    say(`current is ${version} now${before === undefined ? "" : `, it was ${before}`}`);
  }
  if (!(await job.isLoaded())) {
    await clean(host);
    return `${version} is in place. No agent was restarted, for launchd has none; it starts when its user logs in at the screen.`;
  }
  if (isUp(await host.seeAgent(), version)) {
    await clean(host);
    return `${version} runs already.`;
  }
  say("restarting the agent; VMs go on");
  await job.restart();
  if (await comesUp(version, host)) {
    await clean(host);
    return `${version} runs and is connected to its control plane.`;
  }
  const last = before === version ? earlier : before;
  const isThere = last !== undefined && last !== version && (await versions.names()).includes(last);
  return goBack(version, isThere ? last : undefined, before === version ? undefined : earlier, host);
}

async function goBack(
  version: string,
  back: string | undefined,
  earlier: string | undefined,
  host: Host,
): Promise<never> {
  const { versions, job, say } = host;
  const why = `${version} was not connected to its control plane for ${host.settleMs / 1000} s within ${host.waitMs / 1000} s`;
  const look = "See the agent's log, ~/Library/Logs/tartfleet/agent.log";
  if (back === undefined) {
    throw new AgentStop("noneUp", `${why}, and there is no version to go back to. ${look}`);
  }
  say(`${why}; going back to ${back}`);
  await versions.point("current", back);
  await versions.point("previous", earlier);
  await job.restart();
  if (await comesUp(back, host)) throw new AgentStop("wentBack", `${why}, so ${back} runs again. ${look}`);
  throw new AgentStop(
    "noneUp",
    `${why}; ${back} is current again and was restarted, but is not connected either. Does the control plane answer? ${look}`,
  );
}

async function clean({ versions, say }: Host): Promise<void> {
  for (const name of await versions.prune()) say(`removed ${name}`);
}

function isUp(agent: RunningAgent | undefined, version: string): boolean {
  return agent?.version === version && agent.isConnected;
}

/** Whether the same process stays connected for a while: one that dies of its first session is not up. */
async function comesUp(version: string, host: Host): Promise<boolean> {
  const { clock, waitMs, settleMs } = host;
  const deadline = clock.now() + waitMs;
  let up: { pid: string; since: number } | undefined;
  while (clock.now() <= deadline) {
    const agent = await host.seeAgent();
    if (!agent || !isUp(agent, version)) up = undefined;
    else if (up?.pid !== agent.pid) up = { pid: agent.pid, since: clock.now() };
    if (up && clock.now() - up.since >= settleMs) return true;
    await sleep(clock, LOOK_MS, new AbortController().signal);
  }
  return false;
}
