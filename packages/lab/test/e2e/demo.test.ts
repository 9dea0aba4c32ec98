import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

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

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tf-"));
});

afterEach(async () => {
  const left = (await readdir(home)).filter((name) => name !== "node-compile-cache");
  await rm(home, { recursive: true });
  expect(left).toEqual([]);
});

/** The demo, with a directory of its own for everything that it makes. */
const demo = (...args: string[]) =>
  execa(process.execPath, [MAIN, ...args], { reject: false, env: { TMPDIR: home } });

test("the demo: every VM ends by its runner's exit, every result is delivered, nothing is left", async () => {
  const { stdout, stderr, exitCode } = await demo("--json", "--hosts", "2", "--vms", "5");
  expect(stderr).toContain("✓ 5 VMs came, worked and went");
  expect(exitCode).toBe(0);
  const document = documentSchema.parse(JSON.parse(stdout));
  expect(document).toMatchObject({ ok: true, hosts: 2, leftovers: [] });
  expect(document.vms.map(({ endReason, jobResult }) => [endReason, jobResult])).toEqual(
    Array.from({ length: 5 }, () => ["runner_exited", "delivered"]),
  );
  expect(new Set(document.vms.map(({ host }) => host))).toEqual(new Set(["mac-1", "mac-2"]));
});

test("Ctrl-C in the middle ends everything that was started", async () => {
  const run = demo("--hosts", "1", "--vms", "1");
  for await (const line of run) {
    if (line.includes("boots")) run.kill("SIGINT");
  }
  const { exitCode } = await run;
  expect(exitCode).toBe(130);
});
