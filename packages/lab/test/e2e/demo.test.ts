import { expect, test } from "vitest";
import { z } from "zod";
import { useDemoHome } from "../support/demo-home.ts";

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

const { demo } = useDemoHome();

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
