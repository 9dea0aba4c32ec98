import { Secret } from "@tartfleet/shared";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { waitForGuest } from "../../src/guest/wait-for-guest.ts";
import { lease, makeFakeMacos, UNSET } from "../support/fake-macos.ts";
import { MACOS, makeSimMac, value, VM } from "../tart/sim-mac.ts";

const VANILLA = "registry.example.com/macos/vanilla:15";
const SUBNET = "127.77.7";
const { signal } = new AbortController();
const ADDRESSES = Array.from({ length: 253 }, (_, at) => at + 2);

describe("peers §4 row 14: after 253 VMs in a day there is no address left, or one is given twice", () => {
  test("a guest without an address says what may be the cause", async () => {
    const day = { osVersion: "26.1", dhcpLeaseSeconds: 86_400 };
    await using mac = await makeSimMac({ cached: [VANILLA], subnet: SUBNET, host: day });
    // The VMs of the day: gone, their addresses are not.
    const leases = ADDRESSES.map((at) => ({
      mac: `02:00:00:00:00:${at.toString(16).padStart(2, "0")}`,
      ip: `${SUBNET}.${at}`,
      granted: true,
      expires: Date.now() + 86_400_000,
      holder: { pid: 0, startTime: "0" },
    }));
    await writeFile(join(mac.host.hostDir, "leases.json"), JSON.stringify({ leases }));
    await mac.started(VM, VANILLA);
    const reached = await waitForGuest({
      name: VM,
      tart: mac.tart,
      logPath: mac.log(VM),
      ssh: { username: "admin", password: new Secret("admin"), port: 2222 },
      timeoutSeconds: 6,
      headStartSeconds: 1,
      signal,
      pace: 100,
    });
    expect(reached).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/no address.*DHCP leases may be used up.*600 s/) },
    });
  });

  test("the doctor says so before it happens, and how to make room", async () => {
    await using mac = await makeFakeMacos();
    const in24h = Date.now() / 1000 + 86_400;
    const boots = (count: number, endsAt = in24h) =>
      mac.leases(
        ADDRESSES.slice(0, count)
          .map((at) => lease(`192.168.64.${at}`, `2:0:0:0:0:${at}`, endsAt))
          .join(""),
      );
    const look = async () => {
      const found = await examine(mac.patient, signal);
      return Object.fromEntries(found.map(({ code, ...finding }) => [code, finding]));
    };
    await mac.answers("defaults", UNSET);
    await boots(20);
    expect(await look()).toMatchObject({
      dhcp_lease_time: {
        state: "warning",
        message: expect.stringContaining("after 253 boots within that time there is none"),
        cure: expect.stringContaining("DHCPLeaseTimeSecs -int 600"),
      },
      dhcp_leases: { state: "ok", message: "20 of 253 addresses for VMs are taken." },
    });
    await boots(200);
    expect((await look())["dhcp_leases"]).toMatchObject({ state: "warning" });
    await boots(250);
    expect((await look())["dhcp_leases"]).toMatchObject({
      state: "error",
      message: "250 of 253 addresses for VMs are taken; soon VMs get none.",
      cure: expect.stringMatching(/DHCPLeaseTimeSecs -int 600 && sudo rm \/var\/db\/dhcpd_leases$/),
    });
    // With short leases the VMs of ten minutes ago take nothing.
    await boots(250, Date.now() / 1000 - 1);
    expect((await look())["dhcp_leases"]).toMatchObject({ state: "ok" });
  });

  test("one address for two VMs is an error", async () => {
    await using mac = await makeFakeMacos();
    const soon = Date.now() / 1000 + 600;
    await mac.leases(lease("192.168.64.9", "2:0:0:0:0:1", soon) + lease("192.168.64.9", "2:0:0:0:0:2", soon));
    const found = await examine(mac.patient, signal);
    expect(found.find(({ code }) => code === "dhcp_leases")).toMatchObject({
      state: "error",
      message: expect.stringContaining("192.168.64.9"),
    });
  });

  test("two VMs of one image never have one MAC address, by which they would share an address", async () => {
    await using mac = await makeSimMac({ cached: [MACOS] });
    const macs = await Promise.all(
      ["tf-a-1", "tf-b-1"].map(async (name) => {
        value(await mac.tart.clone(MACOS, name, { signal }));
        value(await mac.tart.configure(name, {}));
        const config = await readFile(join(mac.host.tartHome, "vms", name, "config.json"), "utf8");
        return (JSON.parse(config) as { macAddress: string }).macAddress;
      }),
    );
    expect(new Set(macs).size).toBe(2);
  });
});
