import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { netnsIsMissing } from "../../src/guest/netns-engine.ts";
import { insideLab } from "./available-engines.ts";

const lab = path.resolve(import.meta.dirname, "../../src/guest/lab-net.sh");

async function labWorks(): Promise<boolean> {
  if (insideLab || (await netnsIsMissing(process.env)) !== undefined) return false;
  try {
    execFileSync(lab, ["1", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const inLab = async (macs: number, ...argv: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(lab, [String(macs), ...argv], { maxBuffer: 1 << 24 });
  return stdout;
};

const labTest = test.skipIf(!(await labWorks()));

labTest("two Macs may have guests with one private address; the control plane sees the Macs", async () => {
  const output = await inLab(2, process.execPath, path.join(import.meta.dirname, "lab-driver.ts"));
  const seen: {
    guests: { engine: string; stdout: string; stderr: string }[];
    requests: { from: string; url: string }[];
  } = JSON.parse(output);
  for (const guest of seen.guests) {
    expect(guest).toMatchObject({ engine: "netns", stderr: "" });
    const [answer, address, program] = guest.stdout.split("\n");
    expect(answer).toBe("control plane");
    expect(address).toContain("192.168.64.2/24");
    expect(program).toMatch(/^(?:\/usr)?\/bin\/sw_vers$/);
  }
  expect(seen.requests.toSorted((one, other) => one.from.localeCompare(other.from))).toEqual([
    { from: "10.77.0.11", url: "/mac1/192.168.64.2" },
    { from: "10.77.0.12", url: "/mac2/192.168.64.2" },
  ]);
});

labTest("guests with a network of their own pass the tests of all others", { timeout: 180_000 }, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "tart-sim-lab-"));
  const report = path.join(dir, "report.json");
  const vitest = path.resolve(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const files = ["exec", "power", "ssh"].map((name) => `test/guest/${name}.test.ts`);
  const run = [process.execPath, vitest, "run", ...files, "--reporter=json", `--outputFile.json=${report}`];
  try {
    await inLab(1, "ip", "netns", "exec", "lab-mac1", ...run).catch(() => {});
    const { testResults }: { testResults: { assertionResults: { fullName: string; status: string }[] }[] } =
      JSON.parse(readFileSync(report, "utf8"));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const named = (wanted: string): string[] =>
      results.filter(({ status }) => status === wanted).map(({ fullName }) => fullName);
    expect(named("failed")).toEqual([]);
    expect(named("passed").length).toBeGreaterThan(20);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
