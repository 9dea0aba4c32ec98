import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { z } from "zod";

const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));
const documentSchema = z.object({
  ok: z.boolean(),
  claims: z.array(z.object({ what: z.string(), holds: z.boolean() })),
  leftovers: z.array(z.unknown()),
});

test("twenty jobs that are queued at GitHub are served by real processes, each once, and nothing is left", async () => {
  const { stdout, exitCode } = await execa(process.execPath, [MAIN, "--github", "--json"], { reject: false });
  const document = documentSchema.parse(JSON.parse(stdout));
  expect(document.claims.filter(({ holds }) => !holds)).toEqual([]);
  expect(document.leftovers).toEqual([]);
  expect(exitCode).toBe(0);
});
