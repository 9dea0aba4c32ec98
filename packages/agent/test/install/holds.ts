import * as fc from "fast-check";
import { expect } from "vitest";
import { SHARING } from "../../src/doctor/dhcp.ts";
import { LOCAL_NETWORK } from "../../src/doctor/local-network.ts";
import { AUTO_LOGIN } from "../../src/doctor/session.ts";
import { testMac, type TestMac } from "./support.ts";

/* What must hold whatever a Mac was like before, and whatever is asked for. */

const before = fc.record({
  macos: fc.constantFrom("14.7", "15.6.1", "26.1"),
  hasSession: fc.boolean(),
  laptop: fc.boolean(),
  autorestart: fc.constantFrom(undefined, 0, 1),
  sleep: fc.nat(60),
  keychain: fc.constantFrom(
    undefined,
    { isLocked: true },
    { isLocked: false },
    { isLocked: false, timeout: 300 },
    { isLocked: false, lockOnSleep: true },
  ),
  lease: fc.constantFrom(
    [],
    ["DHCPLeaseTimeSecs", "-int", "600"],
    ["DHCPLeaseTimeSecs", "-int", "86400"],
    ["Zone", "-string", "a b", "Alone", "-bool", "true"],
  ),
  networks: fc.subarray(["10.0.0.0/8", "192.168.0.0/16", "172.20.0.0/16"]),
  autoLogin: fc.constantFrom(undefined, "ci", "admin"),
  hasOwnJob: fc.boolean(),
  hasData: fc.boolean(),
  hasSettings: fc.boolean(),
});
type Before = typeof before extends fc.Arbitrary<infer T> ? T : never;

const asked = fc.record({
  token: fc.boolean(),
  password: fc.constantFrom(undefined, "pw", "twelve bytes", "with ünïcode"),
  signers: fc.boolean(),
  ec2: fc.boolean(),
  label: fc.boolean(),
  user: fc.constantFrom("ci", "build"),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

async function make(mac: TestMac, was: Before): Promise<void> {
  const power: Record<string, number> = { sleep: was.sleep, displaysleep: 10, disksleep: 0 };
  if (was.autorestart !== undefined) power["autorestart"] = was.autorestart;
  mac.set({
    macos: was.macos,
    sessions: was.hasSession ? [501] : [],
    users: [...mac.sim.read().users, { name: "build", uid: 502, gid: 20, home: "/Users/build" }],
    power: { ...(was.laptop ? { "Battery Power": { sleep: 1, womp: 0 } } : {}), "AC Power": power },
    keychains: was.keychain === undefined ? {} : { ci: was.keychain },
  });
  if (was.lease.length > 0) mac.defaults(SHARING, "bootpd", "-dict", ...was.lease);
  if (was.networks.length > 0)
    mac.defaults(LOCAL_NETWORK.asRoot, LOCAL_NETWORK.keys[1], "-array", ...was.networks);
  await mac.write("/Users/build/.zshenv", "");
  if (was.autoLogin !== undefined) {
    mac.defaults(AUTO_LOGIN.path, AUTO_LOGIN.key, "-string", was.autoLogin);
    await mac.write("/etc/kcpassword", Buffer.from([0x1c, 0xed, 0xff, 0x00]), 0o600);
  }
  if (was.hasData) await mac.write("/Users/ci/.tartfleet-agent/credential.json", "{}", 0o600);
  if (was.hasSettings)
    await mac.write("/usr/local/etc/tartfleet/agent.env", "TARTFLEET_URL=https://a.example\n", 0o640);
  if (was.hasOwnJob) {
    const path = "/Users/ci/Library/LaunchAgents/dev.tartfleet.agent.plist";
    await mac.write(
      path,
      '<plist version="1.0"><dict><key>Label</key><string>dev.tartfleet.agent</string></dict></plist>',
    );
    if (was.hasSession) mac.set({ jobs: { "gui/501/dev.tartfleet.agent": path } });
  }
}

async function install(mac: TestMac, what: Asked): Promise<string> {
  const file = async (flag: string, isGiven: boolean, text: string) =>
    isGiven ? [flag, await mac.beside(flag.slice(2), text)] : [];
  return mac.install(
    "--url",
    "https://127.0.0.1:1",
    "--user",
    what.user,
    ...(await file("--enrolment-token-file", what.token, `tartfleet_0123456789ab_${"t".repeat(43)}`)),
    ...(await file("--auto-login-password-file", what.password !== undefined, what.password ?? "")),
    ...(await file("--allowed-signers", what.signers, "a ssh-ed25519 AAAA\n")),
    ...(what.label ? ["--label", "xcode=16"] : []),
    ...(what.ec2 ? ["--ec2"] : []),
  );
}

/** Installs of any kind change nothing the second time, and an uninstall leaves nothing of them. */
export async function leavesNothing(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(before, fc.array(asked, { minLength: 1, maxLength: 3 }), async (was, installs) => {
      await using mac = await testMac();
      await make(mac, was);
      const untouched = await mac.everything();
      for (const what of installs) {
        await install(mac, what);
        const installed = await mac.everything();
        expect(await install(mac, what)).toMatch(/^Nothing to change/);
        expect(await mac.everything()).toEqual(installed);
      }
      await mac.uninstall();
      expect(await mac.everything()).toEqual(untouched);
      expect(await mac.uninstall()).toMatch(/^Nothing to change/);
    }),
    { numRuns },
  );
}

class Crash extends Error {}

/** Counts the steps, and crashes before the `at`th. */
function crashing() {
  const state = { steps: 0, at: Infinity };
  const step = () => {
    state.steps += 1;
    if (state.steps > state.at) throw new Crash();
  };
  const from = (at: number) => Object.assign(state, { steps: 0, at });
  return { state, step, from };
}

const FULL: Asked = { token: true, password: "pw", signers: true, ec2: true, label: true, user: "ci" };
const OLD: Before = {
  macos: "15.6.1",
  hasSession: true,
  laptop: false,
  autorestart: 0,
  sleep: 10,
  keychain: { isLocked: false, timeout: 300 },
  lease: ["DHCPLeaseTimeSecs", "-int", "86400"],
  networks: ["192.168.0.0/16"],
  autoLogin: "admin",
  hasOwnJob: true,
  hasData: true,
  hasSettings: true,
};

/** After a crash in the middle of either the same command again finishes; tried at every `stride`th step. */
export async function survivesCrashes(stride: number): Promise<void> {
  const crash = crashing();
  await using ideal = await testMac(crash.step);
  await make(ideal, OLD);
  crash.from(Infinity);
  await install(ideal, { ...FULL, ec2: false });
  await install(ideal, FULL);
  const installed = await ideal.everything();
  const steps = crash.state.steps;
  expect(steps).toBeGreaterThan(30);

  for (let at = 0; at < steps; at += stride) {
    const own = crashing();
    await using mac = await testMac(own.step);
    await make(mac, OLD);
    const untouched = await mac.everything();
    own.from(at);
    const all = async () => {
      await install(mac, { ...FULL, ec2: false });
      await install(mac, FULL);
    };
    await expect(all(), `step ${at}`).rejects.toThrow();
    if (at % 2 === 0) {
      own.from(Infinity);
      await all();
      expect(await mac.everything(), `step ${at}`).toEqual(installed);
    }
    own.from(at % 7);
    await mac.uninstall().catch(() => {});
    own.from(Infinity);
    await mac.uninstall();
    expect(await mac.everything(), `step ${at}`).toEqual(untouched);
  }
}
