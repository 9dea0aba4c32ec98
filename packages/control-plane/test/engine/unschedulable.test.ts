import { afterEach, beforeEach, expect, test } from "vitest";
import { startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

const XCODE = { hostLabels: { xcode: "17" } };

test("what no registered host could ever take is refused at once, with every reason", async () => {
  await fleet.host("mac-1", { labels: { xcode: "17" } });
  await fleet.host("mac-2", { labels: { xcode: "16" } });
  await expect(fleet.create({ ...XCODE, cpu: 16 })).rejects.toMatchObject({
    code: "unschedulable",
    message:
      "No host of this fleet can ever take this VM (2 hosts: 1 too small (12 cores, 32768 MiB); 1 without label xcode=17). Ask for less, add such a host, or send allowPending: true to wait for one.",
    fields: [
      { path: "hostLabels", message: "no host that is large enough carries all of these" },
      { path: "cpu", message: "no host with these labels is so large" },
    ],
  });
  const waits = await fleet.create({ ...XCODE, cpu: 16, allowPending: true });
  expect(fleet.state(waits)).toBe("queued");
  await fleet.host("mac-3", { labels: { xcode: "17" }, cpu: 16 });
  expect(fleet.state(waits)).toBe("assigned");
});

test("a host that is full, silent, or enrolled and not there yet could take it", async () => {
  const mac = await fleet.host("mac-1", { labels: { xcode: "17" } });
  await fleet.clock.pass(60_000);
  expect(fleet.useCases.getHost("mac-1").connected).toBe(false);
  expect(fleet.state(await fleet.create(XCODE))).toBe("queued");
  await mac.hello();
  for (let vm = 0; vm < 3; vm += 1) await fleet.create(XCODE);
  await mac.hello({ labels: { xcode: "18" } });
  await expect(fleet.create(XCODE)).rejects.toMatchObject({ code: "unschedulable" });
  await fleet.useCases.enrolHost(mac.host, { name: "mac-2", machineId: "machine-mac-2" });
  expect(fleet.state(await fleet.create(XCODE))).toBe("queued");
});

test("while no host is registered the hosts are only not there yet", async () => {
  expect(fleet.state(await fleet.create({ ...XCODE, cpu: 64 }))).toBe("queued");
});

test("the same key gives the VM that was accepted, also when no host could take it any more", async () => {
  const mac = await fleet.host("mac-1", { labels: { xcode: "17" } });
  const id = await fleet.create(XCODE, "key");
  await mac.hello({ labels: {} });
  expect(await fleet.create(XCODE, "key")).toBe(id);
  await expect(fleet.create(XCODE, "another")).rejects.toMatchObject({ code: "unschedulable" });
});
