import type { VmRecord } from "@tartfleet/shared";
import { makeApi, type Api } from "../fleet/api.ts";
import { startFleet, type Fleet } from "../fleet/fleet.ts";
import type { Leftover } from "../fleet/leftovers.ts";
import { unlessAborted } from "../fleet/unless-aborted.ts";
import type { Display } from "./display.ts";
import type { DemoOptions } from "./options.ts";
import {
  IMAGES,
  type Claim,
  type Scenario,
  type Stage,
  type Work,
  type Worker,
} from "./scenarios/scenario.ts";

/** The document that `--json` prints for a scenario. */
export interface ScenarioDocument {
  ok: boolean;
  scenario: string;
  claims: Claim[];
  leftovers: Leftover[];
}

const SPEED = 20;

/** Plays a scenario on a fleet of its own, and ends everything that it started, however it goes. */
export async function runScenario(
  name: string,
  scenario: Scenario,
  { seed, engine }: Pick<DemoOptions, "seed" | "engine">,
  display: Display,
  signal: AbortSignal,
): Promise<ScenarioDocument> {
  display.say(`${name}: ${scenario.summary}\n`);
  const { controlPlane, ...options } = scenario.fleet;
  const fleet = await startFleet({
    ...options,
    speed: SPEED,
    seed,
    ...(engine === undefined ? {} : { engine }),
    controlPlane: { "exit-settle-seconds": 1, ...controlPlane },
    say: display.say,
    signal,
  });
  try {
    const claims = await unlessAborted(scenario.play(stageOn(fleet, display)), signal);
    const leftovers = await fleet.stop();
    display.say("");
    for (const { what, holds } of claims) display.say(`${holds ? "✓" : "✗"} ${what}`);
    for (const { kind, what } of leftovers) display.say(`✗ Left over: ${kind} ${what}.`);
    const ok = claims.every(({ holds }) => holds) && leftovers.length === 0;
    return { ok, scenario: name, claims, leftovers };
  } finally {
    await fleet.stop();
  }
}

function stageOn(fleet: Fleet, display: Display): Stage {
  const startedAt = Date.now();
  const tell = (name: string, what: string) => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
    display.say(`${seconds} s  ${name.padEnd(14)} ${what}`);
  };

  async function work(
    api: Api,
    name: string,
    seconds: number,
    { image, priority }: Work = {},
  ): Promise<Worker> {
    const { id } = await api.createVm({
      image: image ?? IMAGES[0],
      name,
      ...(priority === undefined ? {} : { priority }),
      runner: { kind: "script", script: `sleep ${seconds}` },
    });
    tell(name, "asked for");
    const ready = api.waitForVm(id, "ready").then((vm) => told(vm, `works on ${vm.host}`));
    const ended = ready.then(async () => {
      const vm = await api.waitForVm(id, "ended");
      return told(vm, `gone (${vm.end?.reason})`);
    });
    return { id, name, ready, ended };

    function told(vm: VmRecord, what: string): VmRecord {
      const again = vm.attempt > 1 ? `, attempt ${vm.attempt}` : "";
      tell(name, `${what}${again}`);
      return vm;
    }
  }

  return {
    fleet,
    say: display.say,
    async team(name) {
      const { token } = await fleet.api.createToken({ role: "ci", name, team: name });
      return makeApi(fleet.url, token);
    },
    work,
  };
}
