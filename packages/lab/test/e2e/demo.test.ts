import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { until } from "../../src/fleet/until.ts";

const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));

const documentSchema = z.strictObject({
  ok: z.boolean(),
  hosts: z.int(),
  vms: z.array(
    z.strictObject({
      id: z.string(),
      host: z.string(),
      slot: z.int().min(0).max(1),
      endReason: z.string(),
      jobResult: z.string(),
      queueSeconds: z.number().min(0),
      bootSeconds: z.number().min(0),
      jobSeconds: z.number().min(2),
      totalSeconds: z.number().min(2),
    }),
  ),
  leftovers: z.array(z.unknown()),
});

let home: string;

/** Fleets of the demo that are still there. Node's own cache may stay. */
const leftIn = async (dir: string) => (await readdir(dir)).filter((name) => name !== "node-compile-cache");

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tf-"));
});

afterEach(async () => {
  const left = await leftIn(home);
  await rm(home, { recursive: true });
  expect(left).toEqual([]);
});

/** The demo, with a directory of its own for everything that it makes. */
const demo = (...args: string[]) =>
  execa(process.execPath, [MAIN, ...args], { reject: false, env: { TMPDIR: home } });

test("the demo: every VM ends by its runner's exit, every result is delivered, nothing is left", async () => {
  const { stdout, stderr, exitCode } = await demo("--json", "--hosts", "2", "--vms", "5");
  expect(stderr).toContain("✓ All 5 VMs came, worked and went.");
  expect(exitCode).toBe(0);
  const document = documentSchema.parse(JSON.parse(stdout));
  expect(document).toMatchObject({ ok: true, hosts: 2, leftovers: [] });
  expect(document.vms.map(({ endReason, jobResult }) => [endReason, jobResult])).toEqual(
    Array.from({ length: 5 }, () => ["runner_exited", "delivered"]),
  );
  expect(new Set(document.vms.map(({ host }) => host))).toEqual(new Set(["mac-1", "mac-2"]));
});

/** Runs the demo with one VM and does something once a line with this text appears. */
async function playUntil(
  text: string,
  args: readonly string[],
  act: (run: ReturnType<typeof demo>) => Promise<void> | void,
) {
  const run = demo("--hosts", "1", "--vms", "1", ...args);
  for await (const line of run) {
    if (line.includes(text)) await act(run);
  }
  return run;
}

test("Ctrl-C in the middle ends everything that was started", async () => {
  const { exitCode } = await playUntil("boots", [], (run) => void run.kill("SIGINT"));
  expect(exitCode).toBe(130);
});

test("--keep leaves a fleet that can be used, until Ctrl-C", async () => {
  const { exitCode, stdout } = await playUntil(
    "Ctrl-C ends it",
    ["--keep"],
    (run) => void run.kill("SIGINT"),
  );
  expect(stdout).toMatch(/http:\S+, signed in with the token in \S+admin-token\n/);
  expect(stdout).toMatch(/TARTFLEET_URL=http:\S+ TARTFLEET_TOKEN_FILE=\S+/);
  expect(exitCode).toBe(0);
});

test("even kill -9 of the demo leaves nothing running", async () => {
  const { signal } = await playUntil("boots", [], (run) => void run.kill("SIGKILL"));
  expect(signal).toBe("SIGKILL");
  await until("everything to be cleared up", async () => (await leftIn(home)).length === 0);
});
