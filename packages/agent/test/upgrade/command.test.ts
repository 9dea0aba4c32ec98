import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { agentJobIn } from "../../src/installed.ts";
import { AgentStop } from "../../src/process/exit.ts";
import { takeLock } from "../../src/process/lock.ts";
import { runUpgrade } from "../../src/upgrade/command.ts";
import { publisher, type Publisher } from "./releases.ts";

const upgrade = (...argv: string[]) =>
  runUpgrade({ argv, env: {}, version: "1.0.0", say: () => undefined }).catch((error: unknown) => {
    if (error instanceof AgentStop) return `${error.exit}: ${error.message}`;
    throw error;
  });

async function giveJob(place: Publisher, user: string): Promise<void> {
  const path = agentJobIn(join(place.dir, "root/Users", user));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "");
}

describe("tartfleet-agent upgrade", () => {
  test("takes a source or --back, and says every mistake", async () => {
    expect(await upgrade()).toEqual({
      kind: "mistakes",
      mistakes: ["SOURCE: give it or --back, and one of them"],
    });
    expect(await upgrade("--back", "/x", "--wait-seconds", "no")).toEqual({
      kind: "mistakes",
      mistakes: ["--wait-seconds: must be a number of seconds"],
    });
  });

  test("wants a host that is installed, with one agent", async () => {
    await using place = await publisher();
    const root = join(place.dir, "root");
    expect(await upgrade("--root", root, place.out)).toMatch(
      /^settings: nobody in .*tartfleet-agent install$/,
    );
    await giveJob(place, "ann");
    await giveJob(place, "bob");
    expect(await upgrade("--root", root, place.out)).toMatch(/^settings: several have the agent's job/);
  });

  test("goes one at a time, and back only to what is there", async () => {
    await using place = await publisher();
    const root = join(place.dir, "root");
    await giveJob(place, "ann");
    expect(await upgrade("--root", root, "--back")).toBe(
      "settings: there is no version to go back to from none",
    );
    const lock = await takeLock(dirname(place.installed.versions));
    expect(await upgrade("--root", root, "--back")).toBe(
      `alreadyRunning: another upgrade (pid ${process.pid}) is under way; wait for it`,
    );
    if ("release" in lock) await lock.release();
  });
});
