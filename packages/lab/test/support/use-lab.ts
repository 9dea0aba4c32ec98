import { startFakeGitHub, type FakeGitHub, type FakeGitHubOptions } from "@tartfleet/tart-sim";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Fleet, FleetOptions } from "../../src/fleet/fleet.ts";
import { startLab } from "./lab.ts";

export interface UsedLab {
  readonly fleet: Fleet;
  readonly github: FakeGitHub;
}

/** A fleet and a GitHub for all tests of a file; after them nothing may be left over. */
export function useLab(options: FleetOptions = {}, githubOptions: FakeGitHubOptions = {}): UsedLab {
  let started: UsedLab | undefined;
  const lab = (): UsedLab => {
    if (!started) throw new Error("the lab is there only while tests run");
    return started;
  };

  beforeAll(async () => {
    const [fleet, github] = await Promise.all([startLab(options), startFakeGitHub(githubOptions)]);
    started = { fleet, github };
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail" && started) console.error(await whatHappened(started.fleet));
  });

  afterAll(async () => {
    if (!started) return;
    const leftovers = await started.fleet.stop();
    await started.github.close();
    expect(leftovers).toEqual([]);
  });

  return {
    get fleet() {
      return lab().fleet;
    },
    get github() {
      return lab().github;
    },
  };
}

const LINES = 40;

/** For whoever has to find out why a test failed: the newest VMs' histories and the ends of all logs. */
async function whatHappened({ api, controlPlane, hosts }: Fleet): Promise<string> {
  const vms = await api.listVms({ limit: "3" });
  const histories = await Promise.all(
    vms.map(async ({ id, name }) => {
      const events = await api.vmEvents(id);
      return [`VM ${name}`, ...events.map(({ at, state, message }) => `${at} ${state}: ${message}`)].join(
        "\n",
      );
    }),
  );
  const logs = await Promise.all(
    [controlPlane, ...hosts.map(({ agent }) => agent)].map(async (program) => {
      const lines = (await program.logs()).trimEnd().split("\n");
      return [`Log of ${program.name}`, ...lines.slice(-LINES)].join("\n");
    }),
  );
  return [...histories, ...logs].join("\n\n");
}
