import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Runs the command as a user does. */
function simulate(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...argv], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("a seed that fails is explained by what was done, shrunk, with its trace and how to see it again", async () => {
  const bug = "a VM that the full disk did not take is acknowledged";
  const { code, stdout } = await simulate("--seeds", "5", "--bug", bug);
  expect(code).toBe(1);
  expect(stdout).toContain("1 seeds, ");
  expect(stdout).toMatch(/^ {2}database_fault +1$/m);
  expect(stdout).toContain("seed 1 breaks no-lost-create; looking for a shorter way to it");
  expect(stdout).toMatch(/auditor +no-lost-create: VM \w+ was acknowledged and is not there/);
  expect(stdout).toMatch(/what was done \(2 actions\):\n.* database_fault .*"full".*\n.* create /);
  expect(stdout).toContain(
    `again: npm run simulate -- --from 1 --seeds 1 --steps 60 --hosts 3 --bug "${bug}"`,
  );
});
