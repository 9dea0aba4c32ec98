import { Secret } from "@tartfleet/shared";
import { describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { waitForGuest } from "../../src/guest/wait-for-guest.ts";
import { makeFakeMacos, UNSET } from "../support/fake-macos.ts";
import { MACOS, makeSimMac, VM } from "../tart/sim-mac.ts";

const { signal } = new AbortController();

describe("peers §4 row 9: macOS keeps the agent from its guests' addresses until somebody clicks, on a Mac without a screen", () => {
  test("a guest with the guest agent comes up all the same, for its address is not needed", async () => {
    await using mac = await makeSimMac({ cached: [MACOS] });
    await mac.started(VM);
    const reached = await waitForGuest({
      name: VM,
      // Its address is known, and every way there is shut.
      tart: { ...mac.tart, ip: async () => ({ ok: true, value: "127.0.0.1" }) },
      logPath: mac.log(VM),
      ssh: { username: "admin", password: new Secret("admin"), port: 9 },
      timeoutSeconds: 60,
      headStartSeconds: 0,
      signal,
      pace: 100,
    });
    if (!reached.ok) throw new Error(reached.failure.message);
    expect(reached.value.guest.via).toBe("exec");
    const done = await reached.value.guest.run("exit 7", { timeoutSeconds: 30, signal });
    expect(done).toMatchObject({ ok: true, value: { exitCode: 7 } });
  });

  test("the doctor says that it may be so, for whom it matters, and the commands that exempt the VMs' network", async () => {
    await using mac = await makeFakeMacos();
    const patient = { ...mac.patient, uid: 501 };
    const finding = async () => (await examine(patient, signal)).find(({ code }) => code === "local_network");
    await mac.answers("defaults", UNSET);
    const found = await finding();
    expect(found?.state).toBe("unknown");
    expect(found?.message).toMatch(/by ssh.*Images with the Tart guest agent do not need it/);
    for (const part of ["Ethernet WiFi", "Allowed${kind}LocalNetworkAddresses", "192.168.0.0/16"]) {
      expect(found?.cure).toContain(part);
    }
    await mac.answers("defaults", `printf '(\\n    "10.0.0.0/8",\\n    "192.168.0.0/16"\\n)\\n'`);
    expect(await finding()).toMatchObject({ state: "ok", cure: null });
    await mac.answers("defaults", UNSET);
    await mac.answers("sw_vers", "echo 14.7.2");
    expect(await finding()).toMatchObject({ state: "ok", cure: null });
  });
});
