import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgentStop } from "../../src/process/exit.ts";
import { switchTo, type Host } from "../../src/upgrade/switch.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

/** How an agent of a version behaves after its start. */
type Manner =
  | "connects"
  | "never connects"
  | "dies of its first session"
  | "is started anew all the time"
  | "connects late";

const OLD = "1.0.0";
const NEW = "1.1.0";

/** A host on which 1.0.0 runs, that of an upgrade to 1.1.0. Upgrades may be killed before any of their acts. */
function makeHost(manners: Partial<Record<string, Manner>> = {}) {
  const clock = createVirtualClock();
  const links: { current?: string | undefined; previous?: string | undefined } = { current: OLD };
  const folders = new Set([OLD, NEW]);
  let agent = { version: OLD, pid: 1, startedAt: -1e6 };
  let actsLeft = Infinity;
  let isLoaded = true;
  const said: string[] = [];

  /** What a killed upgrade does not do any more; nor does it clean up. */
  function act<T>(what: () => T): T | Promise<never> {
    actsLeft -= 1;
    return actsLeft < 0 ? new Promise<never>(() => {}) : what();
  }
  function isConnected(): boolean {
    const age = clock.now() - agent.startedAt;
    const manner = manners[agent.version] ?? "connects";
    if (manner === "connects") return age >= 1000;
    if (manner === "connects late") return age >= 30_000;
    if (manner === "never connects") return false;
    if (manner === "is started anew all the time") return true;
    // It is started anew, connects, and dies again.
    return age % 30_000 >= 1000 && age % 30_000 < 3000;
  }
  /** How often launchd starts it anew, in milliseconds. */
  const RESTARTS: Partial<Record<Manner, number>> = {
    "dies of its first session": 30_000,
    "is started anew all the time": 3000,
  };
  const pid = () => {
    const every = RESTARTS[manners[agent.version] ?? "connects"] ?? Infinity;
    return `${agent.pid}.${Math.floor((clock.now() - agent.startedAt) / every)}`;
  };

  const host: Host = {
    clock,
    waitMs: 90_000,
    settleMs: 5000,
    say: (line) => void said.push(line),
    versions: {
      folder: (version) => `/versions/${version}`,
      names: async () => [...folders],
      read: async (link) => links[link],
      point: async (link, version) => act(() => void (links[link] = version)),
      prune: async () =>
        act(() => {
          const removed = [...folders].filter((name) => !Object.values(links).includes(name));
          for (const name of removed) folders.delete(name);
          return removed;
        }),
    },
    job: {
      isLoaded: async () => isLoaded,
      restart: async () =>
        act(() => {
          if (links.current === undefined || !folders.has(links.current))
            throw new Error("current leads nowhere");
          agent = { version: links.current, pid: agent.pid + 1, startedAt: clock.now() };
        }),
    },
    seeAgent: async () => ({ pid: pid(), version: agent.version, isConnected: isConnected() }),
  };
  return {
    clock,
    host,
    links,
    folders,
    said,
    running: () => agent.version,
    restarts: () => agent.pid - 1,
    unload: () => void (isLoaded = false),
    /** Switches; killed after so many acts. @returns what it said in the end, the exit's name, or that it was killed */
    async switchTo(version: string, acts = Infinity): Promise<string> {
      actsLeft = acts;
      let end: string | undefined;
      void switchTo(version, host).then(
        (text) => (end = text),
        (error: unknown) => {
          if (!(error instanceof AgentStop)) throw error;
          end = error.exit;
        },
      );
      await clock.until("its end", () => end !== undefined || actsLeft < 0, 600_000);
      return end ?? "killed";
    },
  };
}

describe("another version", () => {
  test("runs when it was connected for a while; the one before it is kept, older ones are not", async () => {
    const host = makeHost({ [NEW]: "connects late" });
    host.folders.add("0.9.0").add("1.0.9.partial");
    host.links.previous = "0.9.0";
    expect(await host.switchTo(NEW)).toBe("1.1.0 runs and is connected to its control plane.");
    expect(host.clock.now()).toBeGreaterThanOrEqual(35_000);
    expect([host.running(), host.links, [...host.folders]]).toEqual([
      NEW,
      { current: NEW, previous: OLD },
      [OLD, NEW],
    ]);
  });

  test.each(["never connects", "dies of its first session", "is started anew all the time"] as const)(
    "that %s gives way to the one before it",
    async (manner) => {
      const host = makeHost({ [NEW]: manner });
      host.links.previous = "0.9.0";
      host.folders.add("0.9.0");
      expect(await host.switchTo(NEW)).toBe("wentBack");
      expect([host.running(), host.links]).toEqual([OLD, { current: OLD, previous: "0.9.0" }]);
      expect(host.folders).toContain("0.9.0");
    },
  );

  test("that is there already is not restarted; one that is current, but not what runs, is", async () => {
    const host = makeHost();
    await host.switchTo(NEW);
    expect(await host.switchTo(NEW)).toBe("1.1.0 runs already.");
    expect(host.restarts()).toBe(1);
    host.links.current = OLD;
    expect(await host.switchTo(OLD)).toBe("1.0.0 runs and is connected to its control plane.");
    expect(host.restarts()).toBe(2);
  });

  test("when none comes up, that is said, and the one before is current", async () => {
    const host = makeHost({ [NEW]: "never connects", [OLD]: "never connects" });
    expect(await host.switchTo(NEW)).toBe("noneUp");
    expect([host.running(), host.links.current]).toEqual([OLD, OLD]);
    // The first of all, and one whose forerunner was removed.
    for (const links of [{}, { current: NEW, previous: "0.9.0" }]) {
      const only = makeHost({ [NEW]: "never connects" });
      Object.assign(only.links, { current: undefined }, links);
      expect(await only.switchTo(NEW)).toBe("noneUp");
      expect(only.links.current).toBe(NEW);
    }
  });

  test("where launchd has no job is put in place, and nothing is restarted", async () => {
    const host = makeHost();
    host.unload();
    expect(await host.switchTo(NEW)).toMatch(/^1\.1\.0 is in place\. No agent was restarted/);
    expect([host.restarts(), host.links]).toEqual([0, { current: NEW, previous: OLD }]);
  });
});

test("wherever it is killed, and however often, one of the two runs, and the next upgrade ends as if nothing had been", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Manner[]>("connects", "connects late", "never connects", "dies of its first session"),
      fc.array(fc.nat(5), { maxLength: 4 }),
      async (manner, kills) => {
        const host = makeHost({ [NEW]: manner });
        for (const acts of kills) {
          await host.switchTo(NEW, acts);
          expect([OLD, NEW]).toContain(host.running());
          expect([OLD, NEW]).toContain(host.links.current);
          expect(host.folders).toContain(host.links.current);
        }
        const end = await host.switchTo(NEW);
        if (manner === "connects" || manner === "connects late") {
          expect(end).toMatch(/^1\.1\.0 runs/);
          expect([host.running(), host.links]).toEqual([NEW, { current: NEW, previous: OLD }]);
        } else {
          expect(end).toBe("wentBack");
          expect([host.running(), host.links.current]).toEqual([OLD, OLD]);
        }
        expect([...host.folders]).toEqual(expect.arrayContaining([OLD]));
      },
    ),
    { numRuns: 200 },
  ));
