import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { useDemoHome } from "../support/demo-home.ts";

const { demo, left } = useDemoHome();

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
  await until("everything to be cleared up", async () => (await left()).length === 0);
});
