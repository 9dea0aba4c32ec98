import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeClock, skewOf } from "../../src/doctor/clock.ts";
import { judgeLeases, judgeLeaseTime, parseLeases } from "../../src/doctor/dhcp.ts";
import { judgeDisk } from "../../src/doctor/disk.ts";
import { judgeLocalNetwork } from "../../src/doctor/local-network.ts";
import { judgeRegistry, type Logins } from "../../src/doctor/registry.ts";
import type { Said } from "../../src/doctor/said.ts";
import { judgeAutoLogin, judgeGuiSession, judgeKeychain } from "../../src/doctor/session.ts";
import { judgeSleep } from "../../src/doctor/sleep.ts";
import { judgeTart, judgeTartHome } from "../../src/doctor/tart-version.ts";
import { lease } from "../support/fake-macos.ts";

const said = (stdout: string, code: number | null = 0, stderr = ""): Said => ({
  kind: "exited",
  code,
  stdout,
  stderr,
});
const failed = (stderr: string, code: number | null = 1) => said("", code, stderr);
const missing: Said = { kind: "missing" };
const silent: Said = { kind: "silent" };
const unset = failed("The domain/default pair of (x, y) does not exist\n");

describe("tart for this macOS (tart-contract §0.2)", () => {
  const dyld = "dyld[1]: Library not loaded: @rpath/libswiftCompatibilitySpan.dylib";
  test.each<[string, Said, string | undefined, string]>([
    ["the last for 15", said("2.34.0\n"), "15.6.1", "ok"],
    ["an older one on 15", said("2.32.1\n"), "15.6.1", "ok"],
    ["a newer one that starts on 15", said("2.38.0\n"), "15.6.1", "warning"],
    ["one that does not start on 15", failed(dyld, null), "15.6.1", "error"],
    ["one of before exec", said("2.27.2\n"), "14.0", "error"],
    ["never this one", said("2.36.0\n"), "26.1", "error"],
    ["an older one on 26", said("2.39.0\n"), "26.1", "warning"],
    ["the first for 26", said("2.40.1\n"), "26.1", "ok"],
    ["a tenth minor is not a first", said("2.100.0\n"), "27.0", "ok"],
    ["one of somebody's own", said("SNAPSHOT\n"), "26.1", "unknown"],
    ["none", missing, "26.1", "error"],
    ["one that hangs", silent, "26.1", "unknown"],
    ["without a macOS", said("2.40.1\n"), undefined, "unknown"],
  ])("%s", (_name, tart, macos, state) => {
    const judgement = judgeTart(tart, macos);
    expect(judgement.state).toBe(state);
    if (state === "error" || state === "warning") expect(judgement.cure).toMatch(/brew upgrade|2\.34\.0/);
    if (macos?.startsWith("15") && state !== "ok") expect(judgement.cure).toContain("download/2.34.0/");
  });
});

test.each<[string, string, Said, string]>([
  ["plain", "/Users/ci/.tart", said("2.34.0"), "ok"],
  ["a space", "/Volumes/Fast Disk/tart", said("2.34.0"), "error"],
  ["an umlaut", "/Users/jürgen/.tart", said("2.36.0"), "error"],
  ["a space that this tart can do with", "/Volumes/Fast Disk/tart", said("2.40.1"), "ok"],
  ["a space and who knows which tart", "/Volumes/Fast Disk/tart", said("SNAPSHOT"), "unknown"],
  ["a space and no tart", "/Volumes/Fast Disk/tart", missing, "unknown"],
])("TART_HOME: %s", (_name, path, tart, state) => {
  const judgement = judgeTartHome(path, tart);
  expect(judgement.state).toBe(state);
  expect(JSON.stringify(judgement)).not.toMatch(/Volumes|Users/);
});

describe("who is logged in (peers §4 row 10)", () => {
  test.each<[string, Said, number, string]>([
    ["the agent's user", said("gui/501 = {"), 501, "ok"],
    ["nobody", failed("Domain does not support specified action", 125), 501, "warning"],
    ["root never is", said("gui/0 = {"), 0, "error"],
    ["without launchctl", missing, 501, "unknown"],
    ["launchctl hangs", silent, 501, "unknown"],
    ["launchctl is killed", failed("", null), 501, "unknown"],
  ])("GUI session: %s", (_name, launchctl, uid, state) => {
    expect(judgeGuiSession(launchctl, uid).state).toBe(state);
  });

  test.each<[string, Said, string | undefined, string]>([
    ["open", failed('Keychain "login.keychain" no-timeout', 0), "15.6", "ok"],
    ["locks itself in time", failed('Keychain "x" lock-on-sleep timeout=300s', 0), "15.6", "warning"],
    ["locks itself at sleep", failed('Keychain "x" lock-on-sleep no-timeout', 0), "15.6", "warning"],
    ["locked", failed("security: User interaction is not allowed.", 36), "15.6", "error"],
    ["locked, of before it mattered", failed("User interaction is not allowed.", 36), "14.7", "warning"],
    ["none", failed("The specified keychain could not be found.", 50), "26.0", "error"],
    ["asks at the screen", silent, "15.6", "unknown"],
    ["something else", failed("a new sentence", 1), "15.6", "unknown"],
    ["a macOS that does not say which", failed("User interaction is not allowed.", 36), undefined, "error"],
  ])("keychain: %s", (_name, security, macos, state) => {
    expect(judgeKeychain(security, macos).state).toBe(state);
  });

  test.each<[string, Said, Said, string]>([
    ["the agent's user", said("ci\n"), said("FileVault is Off."), "ok"],
    ["another", said("ana\n"), said("FileVault is Off."), "warning"],
    ["nobody", unset, said("FileVault is Off."), "warning"],
    ["FileVault does not let it", said("ci\n"), said("FileVault is On."), "warning"],
    ["defaults fails", failed("Permission denied"), missing, "unknown"],
    ["defaults hangs", silent, silent, "unknown"],
  ])("after a restart: %s", (_name, autoLogin, fileVault, state) => {
    expect(judgeAutoLogin(autoLogin, fileVault, "ci").state).toBe(state);
  });
});

test.each<[string, Said, string]>([
  ["never", said(" sleep                0 (sleep prevented by tart)\n autorestart          1\n"), "ok"],
  ["a laptop has no autorestart", said(" displaysleep 10\n sleep 0\n"), "ok"],
  [
    "after a minute, though kept awake now",
    said(" sleep                1 (sleep prevented by tart)"),
    "error",
  ],
  ["switched off altogether", said(" SleepDisabled\t\t1\n sleep 10\n"), "ok"],
  ["stays off after a power failure", said(" sleep 0\n autorestart 0\n"), "warning"],
  ["rubbish", said("~~~"), "unknown"],
  ["no pmset", missing, "unknown"],
  ["fails", failed("no"), "unknown"],
])("sleep (peers §4 row 10): %s", (_name, pmset, state) => {
  expect(judgeSleep(pmset).state).toBe(state);
});

test.each<[string, Said, string | undefined, number, string]>([
  ["before macOS 15", unset, "14.7", 501, "ok"],
  ["root", unset, "15.6", 0, "ok"],
  ["all private networks exempt", said('(\n    "10.0.0.0/8",\n    "192.168.0.0/16"\n)\n'), "15.6", 501, "ok"],
  ["the VMs' network exempt", said('(\n    "192.168.64.0/24"\n)\n'), "26.1", 501, "ok"],
  ["another network exempt", said('(\n    "10.0.0.0/8"\n)\n'), "26.1", 501, "unknown"],
  ["nothing exempt", unset, "26.1", 501, "unknown"],
  ["a macOS that does not say which", unset, undefined, 501, "unknown"],
])("Local Network privacy (peers §4 row 9): %s", (_name, defaults, macos, uid, state) => {
  expect(judgeLocalNetwork(defaults, macos, uid).state).toBe(state);
});

describe("DHCP (peers §4 row 14)", () => {
  test.each<[string, Said, boolean, string]>([
    ["ten minutes", said("{\n    DHCPLeaseTimeSecs = 600;\n}\n"), true, "ok"],
    ["an hour, as text", said('{\n    DHCPLeaseTimeSecs = "3600";\n}\n'), true, "ok"],
    ["more than an hour", said("{\n    DHCPLeaseTimeSecs = 3601;\n}\n"), true, "warning"],
    ["macOS' own", unset, true, "warning"],
    ["macOS' own beside other settings", said("{\n    dhcp_enabled = 1;\n}\n"), true, "warning"],
    ["not for this user to read", unset, false, "unknown"],
    ["rubbish", said("~~~"), true, "unknown"],
    ["fails otherwise", failed("Permission denied"), true, "unknown"],
    ["no defaults", missing, true, "unknown"],
  ])("lease time: %s", (_name, defaults, isReadable, state) => {
    expect(judgeLeaseTime(defaults, isReadable).state).toBe(state);
  });

  const NOW = 1_800_000_000;
  const table = (taken: number, endsAt = NOW + 60, network = "192.168.64") =>
    Array.from({ length: taken }, (_, at) => lease(`${network}.${at + 2}`, `a:${at}`, endsAt)).join("");

  test.each<[string, string | null | undefined, string]>([
    ["no file yet", null, "ok"],
    ["a file that may not be read", undefined, "unknown"],
    ["an empty one", "", "ok"],
    ["172", table(172), "ok"],
    ["173", table(173), "warning"],
    ["232", table(232), "warning"],
    ["233", table(233), "error"],
    ["all", table(253), "error"],
    ["all, of VMs of yesterday", table(253, NOW - 1), "ok"],
    ["two networks, each half full", table(130) + table(130, NOW + 60, "192.168.65"), "ok"],
    ["rubbish", "{ip_address=}{{lease=zz}\u0000", "ok"],
  ])("leases: %s", (_name, file, state) => {
    expect(judgeLeases(file, NOW).state).toBe(state);
  });

  test("leases: how many addresses are taken is told as a number, where it is known", () => {
    expect(judgeLeases(table(172), NOW).value).toBe(172);
    expect(judgeLeases(table(240), NOW)).toMatchObject({ state: "error", value: 240 });
    expect(judgeLeases(undefined, NOW).value).toBeUndefined();
  });

  test("an address that two VMs hold is an error; one that a VM holds twice, or held by one that is over, is none", () => {
    const a = lease("192.168.64.7", "a:1", NOW + 60);
    const judgement = judgeLeases(a + lease("192.168.64.7", "a:2", NOW + 60), NOW);
    expect(judgement).toMatchObject({ state: "error", message: expect.stringContaining("192.168.64.7") });
    expect(judgeLeases(a + a, NOW).state).toBe("ok");
    expect(judgeLeases(a + lease("192.168.64.7", "a:2", NOW - 60), NOW).state).toBe("ok");
  });

  test("leases are read as bootpd writes them, whatever stands around them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.ipV4(), fc.stringMatching(/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/), fc.nat()), {
          maxLength: 20,
        }),
        fc.stringMatching(/^[^{}]*$/),
        (leases, noise) => {
          const text = leases.map((fields) => lease(...fields)).join(noise);
          expect(parseLeases(text)).toEqual(
            leases.map(([address, hardware, endsAt]) => ({ address, hardware: `1,${hardware}`, endsAt })),
          );
        },
      ),
    );
  });
});

test.each([
  [0, 0, "unknown"],
  [500, 19, "error"],
  [500, 20, "warning"],
  [500, 79, "warning"],
  [500, 80, "ok"],
])("disk: of %d GiB %d are free: %s", (diskTotalGiB, diskFreeGiB, state) => {
  expect(judgeDisk({ diskTotalGiB, diskFreeGiB }).state).toBe(state);
});

describe("clock", () => {
  test.each([
    [0, "ok"],
    [5, "ok"],
    [-6, "warning"],
    [299, "warning"],
    [-300, "error"],
  ])("%d s ahead: %s", (seconds, state) => {
    const judgement = judgeClock({ seconds });
    expect(judgement.state).toBe(state);
    if (state !== "ok") expect(judgement.message).toContain(seconds > 0 ? "ahead of" : "behind");
  });

  test("the skew is right to a second and half of the way, whenever in its second the answer was made", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000, max: 100_000_000 }),
        fc.nat(4000),
        fc.nat(4000),
        fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
        (aheadMs, there, back, theirs) => {
          const askedAt = theirs + aheadMs - there;
          const date = new Date(theirs).toUTCString();
          const skew = skewOf(date, askedAt, askedAt + there + back);
          const bound = 1000 + (there + back) / 2;
          expect("seconds" in skew && Math.abs(skew.seconds * 1000 - aheadMs)).toBeLessThanOrEqual(bound);
        },
      ),
    );
  });

  test("no time and no answer are no skew", () => {
    expect(judgeClock(skewOf(null, 0, 0)).state).toBe("unknown");
    expect(judgeClock(skewOf("yesterday", 0, 0)).state).toBe("unknown");
    expect(judgeClock({ unknown: "nobody answers" })).toMatchObject({
      state: "unknown",
      message: "nobody answers",
    });
  });
});

describe("registry login (tart-contract §5.5)", () => {
  const none: Logins = { env: {}, docker: undefined, hasHelper: () => false, keychain: undefined };
  const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
  const docker = (config: unknown) => ({ docker: JSON.stringify(config) });
  const both = { TART_REGISTRY_USERNAME: "ci", TART_REGISTRY_PASSWORD: "canary" };

  test.each<[string, Partial<Logins>, string, RegExp]>([
    ["none anywhere", {}, "unknown", /public images need none/],
    ["in the environment", { env: both }, "ok", /any registry/],
    ["of one host", { env: { ...both, TART_REGISTRY_HOSTNAME: "r.example" } }, "ok", /r\.example/],
    ["half a pair", { env: { TART_REGISTRY_USERNAME: "ci" } }, "error", /_PASSWORD is missing/],
    ["the other half", { env: { TART_REGISTRY_PASSWORD: "canary" } }, "error", /_USERNAME is missing/],
    ["Docker's", docker({ auths: { "ghcr.io": auth("ci:canary") } }), "ok", /ghcr\.io/],
    [
      "a password that tart cannot use",
      docker({ auths: { "ghcr.io": auth("ci:can:ary") } }),
      "warning",
      /colon/,
    ],
    [
      "a store that tart does not ask",
      docker({ auths: { "ghcr.io": {} }, credsStore: "desktop" }),
      "warning",
      /desktop/,
    ],
    [
      "a helper",
      { ...docker({ credHelpers: { "r.example": "ecr-login" } }), hasHelper: () => true },
      "ok",
      /ecr-login/,
    ],
    [
      "a helper that is not there",
      docker({ credHelpers: { "r.example": "ecr-login" } }),
      "warning",
      /not in the agent's PATH/,
    ],
    ["by the instance's role", { role: "mac-host" }, "ok", /ECR \(the instance's role mac-host\)/],
    [
      "by the role, which does without a helper",
      { ...docker({ credHelpers: { "r.example": "ecr-login" } }), role: "mac-host" },
      "ok",
      /mac-host/,
    ],
    ["not JSON", { docker: "{" }, "warning", /not what Docker writes/],
    ["not Docker's", docker([]), "warning", /not what Docker writes/],
    ["tart's own", { keychain: said('    "srvr"<blob>="r.example"\n') }, "ok", /r\.example \(tart login\)/],
    ["none in the keychain", { keychain: failed("could not be found", 44) }, "unknown", /no login/],
    [
      "half a pair is worse than a missing helper",
      { env: { TART_REGISTRY_USERNAME: "ci" }, ...docker({ credHelpers: { x: "y" } }) },
      "error",
      /_PASSWORD/,
    ],
  ])("%s", (_name, logins, state, message) => {
    const judgement = judgeRegistry({ ...none, ...logins });
    expect(judgement.state).toBe(state);
    expect(judgement.message).toMatch(message);
    expect(JSON.stringify(judgement)).not.toMatch(/canary|can:ary/);
  });
});

test("what is a warning or an error always comes with what to do", () => {
  const outputs = fc.oneof(
    fc.constant(missing),
    fc.constant(silent),
    fc.record({
      kind: fc.constant("exited" as const),
      code: fc.option(fc.constantFrom(0, 1, 36, 44, 50, 113)),
      stdout: fc.oneof(fc.string(), fc.constantFrom("2.36.0", " sleep 1", "{\n}", "ana")),
      stderr: fc.oneof(fc.string(), fc.constantFrom("does not exist", "could not be found", "timeout=3s")),
    }),
  );
  const macos = fc.constantFrom(undefined, "14.7", "15.6", "26.1");
  fc.assert(
    fc.property(outputs, outputs, macos, fc.boolean(), (first, second, version, flag) => {
      const uid = flag ? 0 : 501;
      const judgements = [
        judgeTart(first, version),
        judgeGuiSession(first, uid),
        judgeKeychain(first, version),
        judgeAutoLogin(first, second, "ci"),
        judgeLocalNetwork(first, version, uid),
        judgeLeaseTime(first, flag),
        judgeSleep(first),
        judgeRegistry({
          env: {},
          docker: first.kind === "exited" ? first.stdout : undefined,
          hasHelper: () => flag,
          keychain: second,
        }),
      ];
      for (const { state, message, cure } of judgements) {
        expect(message).toMatch(/\.$/);
        if (state === "error" || state === "warning") expect(cure).not.toBeNull();
        if (state === "ok") expect(cure).toBeNull();
      }
    }),
  );
});
