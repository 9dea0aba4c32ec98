import { findingsSchema, type Finding, type FindingState } from "@tartfleet/shared";
import * as fc from "fast-check";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askSkew } from "../../src/doctor/ask-clock.ts";
import { examine, type Patient } from "../../src/doctor/examine.ts";
import { FINDING_CODES } from "../../src/doctor/judge.ts";
import { makeFakeMacos, UNSET, type FakeMacos, type FakeProgram } from "../support/fake-macos.ts";

const { signal } = new AbortController();
let mac: FakeMacos;
beforeEach(async () => {
  mac = await makeFakeMacos();
});
afterEach(() => mac[Symbol.asyncDispose]());

async function states(change: Partial<Patient> = {}): Promise<Record<string, FindingState>> {
  const found = await examine({ ...mac.patient, ...change }, signal);
  return Object.fromEntries(found.map(({ code, state }) => [code, state]));
}

test("a Mac that is as it should be has nothing but ok", async () => {
  await mac.leases("");
  const found = await examine(mac.patient, signal);
  expect(found.map(({ code }) => code)).toEqual(FINDING_CODES);
  // This machine's own disk is what it is; tests that run as root are told so.
  const notOk = found.filter(
    ({ state, code }) => state !== "ok" && code !== "disk" && code !== "gui_session",
  );
  expect(notOk).toEqual([]);
  expect(await states({ uid: 0 })).toMatchObject({ gui_session: "error" });
});

const HANGS = "exec /bin/sleep 1000";

test.each<[FakeProgram, string | null, string, FindingState]>([
  ["tart", "echo 2.38.0", "tart_version", "warning"],
  ["tart", null, "tart_version", "error"],
  ["tart", "echo 'dyld[1]: Library not loaded: x' >&2; kill -ABRT $$", "tart_version", "error"],
  ["tart", HANGS, "tart_version", "unknown"],
  ["tart", "head -c 300 /dev/urandom", "tart_version", "unknown"],
  ["security", 'echo "security: User interaction is not allowed." >&2; exit 36', "keychain", "error"],
  ["security", HANGS, "keychain", "unknown"],
  ["security", null, "keychain", "unknown"],
  ["defaults", UNSET, "dhcp_lease_time", "warning"],
  ["defaults", UNSET, "auto_login", "warning"],
  ["defaults", UNSET, "local_network", "unknown"],
  ["defaults", "head -c 300 /dev/urandom", "dhcp_lease_time", "unknown"],
  ["defaults", HANGS, "dhcp_lease_time", "unknown"],
  ["fdesetup", 'echo "FileVault is On."', "auto_login", "warning"],
  ["pmset", 'echo " sleep 10"', "sleep", "error"],
  ["pmset", "exit 7", "sleep", "unknown"],
  ["pmset", "exec yes sleep 10", "sleep", "unknown"],
  ["sw_vers", HANGS, "tart_version", "unknown"],
])("%s: %s → %s is %s, and the rest is as it was", async (program, script, code, state) => {
  const before = await states({ uid: 501 });
  await mac.answers(program, script);
  const after = await states({ uid: 501, ...(script === HANGS ? { askMs: 1000 } : {}) });
  expect(after[code]).toBe(state);
  const others = (of: typeof before) => ({
    disk: of["disk"],
    clock: of["clock"],
    registry: of["registry_login"],
  });
  expect(others(after)).toEqual(others(before));
  expect(Object.keys(after)).toEqual(Object.keys(before));
});

test("launchctl is asked for the session of the agent's user", async () => {
  await mac.answers("launchctl", 'test "$*" = "print gui/4711" || exit 125');
  expect(await states({ uid: 4711 })).toMatchObject({ gui_session: "ok" });
  expect(await states({ uid: 4712 })).toMatchObject({ gui_session: "warning" });
});

test("a locked keychain is not asked for logins: it would ask at the screen once more", async () => {
  const asked = `${mac.dir}/asked`;
  await mac.answers("security", `echo "$1" >> ${asked}; exit 36`);
  await states();
  expect(await readFile(asked, "utf8")).toBe("show-keychain-info\n");
});

test("on what is no Mac, what only a Mac can have is left out", async () => {
  await mac.answers("sw_vers", null);
  expect(Object.keys(await states())).toEqual([
    "tart_version",
    "tart_home",
    "disk",
    "clock",
    "registry_login",
  ]);
  expect(await states()).toMatchObject({ tart_version: "unknown", registry_login: "ok" });
});

test("a check that breaks is unknown, and breaks no other", async () => {
  const skew = () => Promise.reject(new Error("out of order"));
  const found = await examine({ ...mac.patient, skew }, signal);
  expect(found.find(({ code }) => code === "clock")).toMatchObject({
    state: "unknown",
    message: expect.stringContaining("out of order"),
  });
  expect(found).toHaveLength(FINDING_CODES.length);
});

test("a check that never ends is unknown in its time", async () => {
  const skew = () => new Promise<never>(() => {});
  expect(await states({ skew, askMs: 200 })).toMatchObject({ clock: "unknown", tart_home: "ok" });
});

test("no secret of the host is in a finding, nor given to a program that does not need it", async () => {
  await mac.answers("tart", `env > ${mac.dir}/env; echo 2.34.0`);
  const env = {
    ...mac.env,
    TART_REGISTRY_USERNAME: "ci",
    TART_REGISTRY_PASSWORD: "canary-registry",
    TARTFLEET_ENROLMENT_TOKEN: "canary-token",
  };
  const found = await examine({ ...mac.patient, env }, signal);
  const given = await readFile(`${mac.dir}/env`, "utf8");
  expect(given).toContain("LC_ALL=C");
  expect(JSON.stringify(found) + given).not.toContain("canary");
});

test("findings are in the protocol's bounds and of one line, whatever the system says", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 0, maxLength: 3000 }),
      fc.string({ maxLength: 5000 }),
      fc.constantFrom(0, 1, 36),
      async (bytes, reason, code) => {
        const noise = Buffer.from(bytes).toString("base64");
        for (const program of ["security", "defaults", "pmset", "tart"] as const) {
          await mac.answers(program, `echo ${noise} | base64 -d | tee /dev/stderr; exit ${code}`);
        }
        const skew = async () => ({ unknown: reason });
        const found: Finding[] = await examine({ ...mac.patient, skew }, signal);
        expect(findingsSchema.parse(found)).toEqual(found);
        for (const { message, cure } of found) expect(`${message}${cure}`).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
      },
    ),
    { numRuns: 10 },
  );
});

test("the clock is compared with the Date of the control plane's answer, and no token is shown for it", async () => {
  const behind = 1234;
  const headers: unknown[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers.authorization);
    response.setHeader("date", new Date(Date.now() - behind * 1000).toUTCString()).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const skew = await askSkew(url, {}, signal);
  expect("seconds" in skew && Math.abs(skew.seconds - behind)).toBeLessThanOrEqual(3);
  expect(headers).toEqual([undefined]);
  expect(await states({ skew: (limit) => askSkew(url, {}, limit) })).toMatchObject({ clock: "error" });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  expect(await askSkew(url, {}, signal)).toMatchObject({
    unknown: expect.stringContaining("did not answer"),
  });
});
