import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { makeFakeMacos, UNSET, type FakeMacos } from "../support/fake-macos.ts";
import { isRunning } from "../support/is-running.ts";
import { identity, makeTlsFront } from "../support/tls-front.ts";
import { until } from "../support/until.ts";
import { onStage } from "./stage.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));

function doctor(mac: FakeMacos, args: readonly string[] = [], env: Record<string, string> = {}) {
  return execa(process.execPath, [MAIN, "doctor", ...args], {
    env: { ...mac.env, ...env },
    extendEnv: false,
    reject: false,
  });
}

interface Said {
  findings: { code: string; state: string; message: string; cure: string | null }[];
}
const jsonOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as Said).findings;

describe("tartfleet-agent doctor", () => {
  test("says what is wrong, worst first, each with its cure, and exits with 1 for an error", async () => {
    await using mac = await makeFakeMacos();
    await mac.answers("security", 'echo "User interaction is not allowed." >&2; exit 36');
    await mac.answers("defaults", UNSET);
    const { stdout, stderr, exitCode } = await doctor(mac);
    expect([exitCode, stderr]).toEqual([1, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^error {4}\w+ +\w/);
    expect(stdout).toMatch(
      /^error +keychain +The login keychain is locked; macOS VMs do not start without it\.$/m,
    );
    expect(stdout).toMatch(/^ +\$ security unlock-keychain login\.keychain$/m);
    expect(stdout).toMatch(/^warning +dhcp_lease_time +A VM's address stays taken for 86400 s/m);
    expect(stdout).toMatch(/^ +\$ sudo defaults write .*InternetSharing.* -int 600$/m);
    const order = lines.flatMap((line) => /^(error|warning|unknown|ok) /.exec(line)?.[1] ?? []);
    const rank = ["error", "warning", "unknown", "ok"];
    expect(order).toEqual([...order].sort((a, b) => rank.indexOf(a) - rank.indexOf(b)));
    expect(order).toHaveLength(12);
  });

  test("--json is a document; without an error the exit code is 0, whatever is a warning or unknown", async () => {
    await using mac = await makeFakeMacos();
    await mac.answers("sw_vers", null);
    await mac.answers("tart", "echo 2.40.1");
    const { stdout, exitCode } = await doctor(mac, ["--json"]);
    const found = jsonOf({ stdout });
    expect(found.map(({ code }) => code).sort()).toEqual([
      "clock",
      "disk",
      "registry_login",
      "tart_home",
      "tart_version",
    ]);
    expect(found.find(({ code }) => code === "clock")).toMatchObject({
      state: "unknown",
      message: expect.stringContaining("--url"),
    });
    expect(exitCode).toBe(found.some(({ state }) => state === "error") ? 1 : 0);
    const people = await doctor(mac);
    expect(people.stdout).toMatch(/^This is not a Mac, so that these were not looked at: gui_session, /m);
    expect(people.exitCode).toBe(exitCode);
  });

  test("asks the control plane's clock by what its agent trusts", async () => {
    await using mac = await makeFakeMacos();
    await onStage({}, async ({ plane, dir }) => {
      const [own, other] = await Promise.all([identity(), identity()]);
      await using front = await makeTlsFront(plane.url, own);
      const dataDir = join(dir, "kept");
      const clock = async () => {
        const said = await doctor(mac, ["--json", "--url", front.url, "--data-dir", dataDir]);
        return jsonOf(said).find(({ code }) => code === "clock");
      };
      expect(await clock()).toMatchObject({
        state: "unknown",
        message: expect.stringContaining("self-signed"),
      });
      await execa("mkdir", [dataDir]);
      const credential = `tartfleet_0123456789ab_${"s".repeat(43)}.${own.pin}`;
      await writeFile(
        join(dataDir, "credential.json"),
        JSON.stringify({ name: "mac-1", machineId: "machine-0001", credential }),
      );
      expect(await clock()).toMatchObject({ state: "ok" });
      front.use(other);
      expect(await clock()).toMatchObject({ state: "unknown" });
    });
  });

  test("mistakes in its settings are all told", async () => {
    await using mac = await makeFakeMacos();
    const { stderr, exitCode } = await doctor(mac, ["--wat", "--url", "x"]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain("--wat: there is no such option");
    expect(stderr).toContain("--url: must be an http(s) URL");
    expect((await doctor(mac, ["--help"])).stdout).toContain("--json");
  });
});

describe("the agent's own doctor", () => {
  test("what it finds reaches the control plane without another word, and stands in the log once", async () => {
    await using mac = await makeFakeMacos();
    await mac.answers("pmset", 'echo " sleep 10"');
    await onStage({}, async (stage) => {
      const agent = stage.agent([], { PATH: `${mac.bin}:${stage.mac.env["PATH"]}` });
      const found = () => stage.plane.facts.at(-1)?.findings ?? stage.plane.hellos.at(-1)?.facts.findings;
      await until("findings", () => found() !== undefined);
      expect(found()).toContainEqual({
        code: "sleep",
        state: "error",
        message: "This Mac goes to sleep after 10 min without use, and is a silent host then.",
        cure: "sudo pmset -a sleep 0 disksleep 0 displaysleep 0",
      });
      expect(found()?.find(({ code }) => code === "clock")).toMatchObject({ state: "ok" });
      expect(agent.log().match(/goes to sleep after/g)).toHaveLength(1);
    });
  });

  test("one that hangs delays neither the start nor the work, nor the end", async () => {
    await using mac = await makeFakeMacos();
    const pidFile = join(mac.dir, "pid");
    await mac.answers("sw_vers", `echo $$ >> ${pidFile}; exec /bin/sleep 1000`);
    await onStage({}, async (stage) => {
      const agent = stage.agent(["--os-version", "26.1"], {
        PATH: `${mac.bin}:${stage.mac.env["PATH"]}`,
      });
      await until("it is asked", async () => (await readFile(pidFile, "utf8").catch(() => "")) !== "");
      await until("a session", () => stage.plane.hellos.length > 0);
      expect(stage.plane.hellos[0]?.facts.findings).toBeUndefined();
      // It is the first that was asked who still has not answered.
      expect((await readFile(pidFile, "utf8")).trim().split("\n")).toHaveLength(1);
      await agent.kill("SIGTERM");
      expect(await agent.exited).toMatchObject({ code: 0 });
      await until("it is gone as well", async () => !(await isRunning(pidFile)));
    });
  });
});
