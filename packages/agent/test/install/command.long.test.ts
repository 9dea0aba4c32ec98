import { execa } from "execa";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { SHARING } from "../../src/doctor/dhcp.ts";
import { examine } from "../../src/doctor/examine.ts";
import { testMac, type TestMac } from "./support.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));

/** Ends with these tests. */
const SIM = { MAC_SIM_OWNER: String(process.pid) };

async function agent(mac: TestMac, argv: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [MAIN, ...argv, "--root", mac.root], {
    env: { PATH: await mac.bin(), ...SIM, MAC_SIM_DIR: mac.dir, MAC_SIM_UID: "0", ...env },
    extendEnv: false,
    reject: false,
  });
}

describe("tartfleet-agent install, by its program and macOS' own", () => {
  test("cures all that the doctor calls an error or a warning", async () => {
    await using mac = await testMac();
    const password = await mac.beside("password", "pw\n");
    const token = `tartfleet_0123456789ab_${"t".repeat(43)}`;
    const argv = ["install", "--user", "ci", "--bundle", mac.bundle, "--auto-login-password-file", password];
    const before = await mac.everything();
    const wrong = await findings(mac);
    expect(wrong).toEqual({
      auto_login: "warning",
      dhcp_lease_time: "warning",
      keychain: "warning",
      local_network: "unknown",
      sleep: "error",
    });

    const url = { TARTFLEET_URL: "https://127.0.0.1:1", TARTFLEET_ENROLMENT_TOKEN: token };
    expect(await agent(mac, argv, url)).toMatchObject({ exitCode: 0, stderr: "" });
    // Where the exemption from Local Network privacy is kept, its user may not look.
    expect(await findings(mac)).toEqual({ local_network: "unknown" });
    expect(await mac.read("/Users/ci/.tartfleet-agent/enrolment-token")).toBe(`${token}\n`);

    expect(await agent(mac, ["uninstall"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await mac.everything()).toEqual(before);
  });

  test("says what is wrong with its words, all at once, and has its own exit codes", async () => {
    await using mac = await testMac();
    const wrong = await agent(mac, ["install", "--data-dir", "data", "--url", "http://fleet.example.com"]);
    expect(wrong.exitCode).toBe(78);
    expect(wrong.stderr).toContain("--user: is needed");
    const more = await agent(mac, [
      "install",
      "--user",
      "ci",
      "--data-dir",
      "data",
      "--url",
      "http://fleet.example.com",
    ]);
    expect(more.stderr).toMatch(/--url: .* is plain text[^]*--data-dir: must be a whole path/);
    const nobody = await agent(mac, ["install", "--user", "nobody", "--url", "https://127.0.0.1:1"]);
    expect(nobody).toMatchObject({
      exitCode: 67,
      stderr: expect.stringContaining("there is no user nobody"),
    });
    const checkout = await agent(mac, ["install", "--user", "ci", "--url", "https://127.0.0.1:1"]);
    expect(checkout).toMatchObject({ exitCode: 78, stderr: expect.stringContaining("not part of a bundle") });
    expect((await agent(mac, ["uninstall", "--help"])).stdout).toContain("--even-with-vms");
  });
});

test("only root may", async () => {
  const asNobody =
    process.geteuid?.() === 0 ? ["--import", "data:text/javascript,process.seteuid(65534)"] : [];
  const said = await execa(process.execPath, [...asNobody, MAIN, "uninstall"], { reject: false });
  expect(said).toMatchObject({ exitCode: 82, stderr: expect.stringContaining("say sudo before it") });
});

/** What the doctor of the agent's user says, but for what is well, and for what no install can cure. */
async function findings(mac: TestMac): Promise<Record<string, string>> {
  const found = await examine(
    {
      tart: "tart",
      tartHome: homedir(),
      env: { PATH: await mac.bin(), ...SIM, MAC_SIM_DIR: mac.dir, MAC_SIM_USER: "ci", MAC_SIM_UID: "501" },
      uid: 501,
      user: "ci",
      home: join(mac.root, "Users/ci"),
      skew: async () => ({ seconds: 0 }),
      askMs: 100_000,
      leases: join(mac.root, "var/db/dhcpd_leases"),
      sharing: `${mac.root}${SHARING}`,
    },
    new AbortController().signal,
  );
  const others = new Set(["disk", "registry_login"]);
  return Object.fromEntries(
    found
      .filter(({ code, state }) => state !== "ok" && !others.has(code))
      .map(({ code, state }) => [code, state]),
  );
}
