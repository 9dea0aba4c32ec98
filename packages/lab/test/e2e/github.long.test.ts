import { expect, test } from "vitest";
import { playDemo } from "../support/play-demo.ts";

test("twenty jobs that are queued at GitHub are served by real processes, each once, and nothing is left", async () => {
  const { stdout, stderr, exitCode } = await playDemo("--github", "--json");
  expect(JSON.parse(stdout), stderr).toMatchObject({ ok: true, scenario: "github", leftovers: [] });
  expect(exitCode).toBe(0);
});
