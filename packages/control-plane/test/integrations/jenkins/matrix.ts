import { fileURLToPath } from "node:url";
import {
  groovyIsMissing,
  startPipelines,
  type PipelineOutcome,
  type Pipelines,
} from "@tartfleet/ci-sim/jenkins";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Course } from "../../support/agent-jar.ts";
import { startJenkinsWorld, type JenkinsWorld } from "../../support/jenkins-world.ts";

export const LIBRARY = fileURLToPath(new URL("../../../../../integrations/jenkins", import.meta.url));
const HOUR = 3600;

const missing = groovyIsMissing();

let pipelines: Pipelines | undefined;
afterAll(() => pipelines?.close());

/** Describes tests of the library, which are skipped, and say why, where there is no Groovy. */
export function describeLibrary(
  what: string,
  tests: (start: (options?: { courses?: Course[] }) => Promise<JenkinsWorld>) => void,
): void {
  describe.skipIf(missing !== undefined)(missing === undefined ? what : `${what} (${missing})`, () => {
    let world: JenkinsWorld | undefined;
    afterEach(async () => {
      await world?.close();
      world = undefined;
    });
    tests(
      async (options) => (world = await startJenkinsWorld((pipelines ??= startPipelines(LIBRARY)), options)),
    );
  });
}

export const build = (script: string | number, options = ""): string =>
  `macos(image: 'ghcr.io/org/image:1'${options}) { sh '${script}' }`;

/** No VM is left, and no node. */
export async function nothingIsLeft(world: JenkinsWorld): Promise<void> {
  await world.pass(30);
  expect(world.live()).toEqual([]);
  expect(world.jenkins.nodes.all()).toEqual([]);
}

/** What goes wrong, as the test sets it up before the build, and what must come of it. */
interface Case {
  what: string;
  /** An hour of virtual time takes a second of the machine's. */
  isLong?: true;
  prepare?: (world: JenkinsWorld) => unknown;
  courses?: Course[];
  result: PipelineOutcome["result"];
  /** How many times an agent was told to run the build's step. */
  starts: 0 | 1;
  /** In the build's log. */
  says?: RegExp;
  /** What ended its VMs, the newest first; `client` is the library. */
  ends: string[];
  /** Before it is looked whether anything is left. */
  afterwards?: (world: JenkinsWorld) => unknown;
}

const isQueued = (world: JenkinsWorld) => () => world.live().length > 0;
const isBooting = (world: JenkinsWorld) => () => world.guests.size > 0;
const isRunning = (world: JenkinsWorld) => () =>
  world.jenkins.builds.some(({ state }) => state === "running");

/** Something is so until an hour has passed. */
function forAnHour(world: JenkinsWorld, set: (is: boolean) => unknown): void {
  set(true);
  world.after(HOUR, () => set(false));
}

export const CASES: Case[] = [
  { what: "nothing", result: "SUCCESS", starts: 1, ends: ["client"] },
  {
    what: "it is cancelled before its agent is there",
    prepare: (world) => world.when(isQueued(world), world.abort),
    result: "ABORTED",
    starts: 0,
    ends: ["client"],
  },
  {
    what: "it is cancelled while it runs",
    prepare: (world) => world.when(isRunning(world), world.abort),
    result: "ABORTED",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "agent.jar never exits",
    courses: [{ staysForEver: true }],
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "the guest dies before its agent is there",
    prepare: (world) => world.when(isBooting(world), world.killGuest),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "the guest dies while it runs",
    prepare: (world) => world.when(isRunning(world), world.killGuest),
    result: "FAILURE",
    starts: 1,
    says: /macos: VM \w+ ended: guest_/,
    ends: ["guest_crashed"],
  },
  {
    what: "the host dies before the agent is there",
    prepare: (world) => world.when(isBooting(world), world.killHosts),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
    afterwards: (world) => world.reviveHosts(),
  },
  {
    what: "the host dies while it runs",
    prepare: (world) => world.when(isRunning(world), world.killHosts),
    result: "FAILURE",
    starts: 1,
    says: /Timeout waiting for agent|ended: /,
    ends: ["client"],
    afterwards: (world) => world.reviveHosts(),
  },
  {
    what: "the control plane restarts before the agent is there",
    prepare: (world) => world.when(isQueued(world), world.fleet.restart),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "the control plane restarts while it runs",
    prepare: (world) => world.when(isRunning(world), world.fleet.restart),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "the control plane is away for an hour before there is a VM",
    isLong: true,
    prepare: (world) => forAnHour(world, world.down),
    result: "SUCCESS",
    starts: 1,
    says: /No VM yet: It is away/,
    ends: ["client"],
  },
  {
    what: "the control plane is away for two hours while it runs and at its end",
    isLong: true,
    prepare: (world) =>
      world.when(isRunning(world), () => {
        world.down(true);
        world.after(2 * HOUR, () => world.down(false));
      }),
    result: "SUCCESS",
    starts: 1,
    says: /A VM of \S+ would end by itself, .*It is away/,
    ends: ["runner_exited"],
    afterwards: (world) => world.pass(3 * HOUR, 300),
  },
  {
    what: "Jenkins cannot be reached for an hour before the agent is there",
    isLong: true,
    prepare: (world) => forAnHour(world, world.jenkins.cutOff),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "Jenkins cannot be reached for an hour while it runs",
    isLong: true,
    prepare: (world) => world.when(isRunning(world), () => forAnHour(world, world.jenkins.cutOff)),
    result: "FAILURE",
    starts: 1,
    says: /Timeout waiting for agent to come back/,
    ends: ["client"],
  },
  {
    what: "Jenkins cannot be reached for two minutes while it runs",
    prepare: (world) =>
      world.when(isRunning(world), () => {
        world.jenkins.cutOff(true);
        world.after(120, () => world.jenkins.cutOff(false));
      }),
    result: "SUCCESS",
    starts: 1,
    ends: ["client"],
  },
  {
    what: "the agent's secret is wrong",
    isLong: true,
    prepare: (world) => world.when(isQueued(world), world.jenkins.nodes.changeKey),
    result: "SUCCESS",
    starts: 1,
    says: /ended before its agent came: runner_exited/,
    ends: ["client", "runner_exited"],
  },
  {
    what: "the control plane's token is revoked while it runs",
    prepare: (world) => world.when(isRunning(world), world.revokeToken),
    result: "SUCCESS",
    starts: 1,
    says: /A VM of \S+ would end by itself, .*token/,
    ends: ["runner_exited"],
    afterwards: (world) => world.pass(2 * HOUR, 300),
  },
  {
    what: "somebody deletes the node while it runs",
    prepare: (world) =>
      world.when(isRunning(world), () => {
        for (const { name } of world.jenkins.nodes.all()) world.jenkins.removeNode(name);
      }),
    result: "FAILURE",
    starts: 1,
    says: /Timeout waiting for agent to come back/,
    ends: ["client"],
  },
];

/** Every case, or some, with a build that takes so long. */
export function tryCases(cases: readonly Case[], seconds: number): void {
  describeLibrary(`a build of ${seconds} s that the library runs`, (start) => {
    test.each(cases)("$what", async ({ prepare, courses = [], result, starts, says, ends, afterwards }) => {
      const world = await start({ courses });
      await prepare?.(world);
      const outcome = await world.run(build(seconds));
      const log = outcome.log.join("\n");
      expect(outcome.result, log).toBe(result);
      if (says) expect(log).toMatch(says);
      await afterwards?.(world);
      await nothingIsLeft(world);
      expect(world.vms().map(({ end }) => end?.reason)).toEqual(ends);
      expect(world.jenkins.builds.reduce((sum, each) => sum + each.starts, 0)).toBe(starts);
    });
  });
}
