import { createVmSchema, reveal } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CI, callerOf, FACTS, settle, startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => {
  fleet.close();
  expect(fleet.errors).toEqual([]);
});

const vmCaller = (vmId: string, attempt = 1) => callerOf({ kind: "vm", vmId, attempt });

describe("placing", () => {
  test("a VM waits for a host and is placed the moment one connects", async () => {
    const id = await fleet.create();
    expect(fleet.state(id)).toBe("queued");
    await fleet.host("mac-1");
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", host: "mac-1", slot: 0, attempt: 1 });
  });

  test("a third VM waits until a slot's instance was seen gone, and takes it at once", async () => {
    const mac = await fleet.host("mac-1");
    const [first, second, third] = [await fleet.create(), await fleet.create(), await fleet.create()];
    await mac.bringUpAll();
    expect([first, second, third].map(fleet.state)).toEqual(["ready", "ready", "queued"]);
    await fleet.useCases.endVm(CI, first, {});
    await settle();
    expect(fleet.state(third)).toBe("queued");
    await mac.removeAll();
    expect(fleet.state(first)).toBe("deleted");
    expect(fleet.useCases.getVm(third)).toMatchObject({ state: "assigned", slot: 0 });
  });

  test("phantoms take slots: foreign running macOS VMs and what the host itself found", async () => {
    const foreign = { name: "anas-vm", os: "macos", running: true };
    await fleet.host("mac-1", { foreign: [foreign], phantomSlots: 1 });
    const [first, second] = [await fleet.create(), await fleet.create()];
    expect([first, second].map(fleet.state)).toEqual(["assigned", "queued"]);
    expect(fleet.useCases.capacity().slots).toEqual({
      total: 2,
      busy: 1,
      free: 0,
      phantom: 1,
      unreachable: 0,
      cordoned: 0,
    });
  });

  test("Linux VMs need no slot", async () => {
    await fleet.host("mac-1");
    const ids = [
      await fleet.create({ os: "linux" }),
      await fleet.create({ os: "linux" }),
      await fleet.create({ os: "linux" }),
    ];
    expect(ids.map(fleet.state)).toEqual(["assigned", "assigned", "assigned"]);
  });

  test("a queue timeout ends a VM that nobody could take", async () => {
    const id = await fleet.create({ queueTimeoutSeconds: 60 });
    await fleet.clock.pass(59_000);
    expect(fleet.state(id)).toBe("queued");
    await fleet.clock.pass(1000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "failed", end: { reason: "queue_timeout" } });
  });
});

describe("accepting", () => {
  test("the same key and body is the same VM; another body is a conflict; after its end the key makes a new one", async () => {
    const id = await fleet.create({ labels: { a: "1", b: "2" } }, "job-1");
    expect(await fleet.create({ labels: { b: "2", a: "1" } }, "job-1")).toBe(id);
    await expect(fleet.create({ labels: { a: "2" } }, "job-1")).rejects.toMatchObject({
      code: "idempotency_conflict",
    });
    await fleet.useCases.endVm(CI, id, {});
    const next = await fleet.create({ labels: { a: "2" } }, "job-1");
    expect(next).not.toBe(id);
  });

  test("a key belongs to its caller", async () => {
    const id = await fleet.create({}, "job-1");
    const other = callerOf({ kind: "token", tokenId: "ci1", role: "ci", name: "other", team: "default" });
    const { vm } = await fleet.useCases.createVm(
      other,
      createVmSchema.parse({ image: "ghcr.io/org/image:1" }),
      "job-1",
    );
    expect(vm.id).not.toBe(id);
  });

  test("a live VM's name is taken until it has ended", async () => {
    const id = await fleet.create({ name: "build-1" });
    await expect(fleet.create({ name: "build-1" })).rejects.toMatchObject({ code: "name_taken" });
    await fleet.useCases.endVm(CI, id, {});
    await fleet.create({ name: "build-1" });
  });

  test("a TTL beyond the maximum is refused with the field", async () => {
    await expect(fleet.create({ ttlSeconds: 86_401 })).rejects.toMatchObject({
      code: "invalid_request",
      fields: [{ path: "ttlSeconds" }],
    });
  });
});

describe("ending", () => {
  test("hook, exit, settle, stop, gone: the reason is runner_exited", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ runner: { kind: "github", jitConfig: "abc" } });
    await mac.bringUpAll();
    await fleet.useCases.guestEvent(vmCaller(id), id, { type: "job_started", details: { job: "build" } });
    await fleet.useCases.endVm(vmCaller(id), id, {});
    expect(fleet.state(id)).toBe("draining");
    await fleet.clock.pass(5000);
    await fleet.useCases.endVm(vmCaller(id), id, { phase: "runner_exited", rc: 0, ip: "192.168.64.9" });
    await fleet.clock.pass(9999);
    expect(fleet.state(id)).toBe("draining");
    await fleet.clock.pass(1);
    expect(fleet.state(id)).toBe("stopping");
    await mac.removeAll();
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "deleted", end: { reason: "runner_exited" } });
    const messages = fleet.useCases.vmEvents(id, 0, 100).map(({ message }) => message);
    expect(messages.join("\n")).toContain("gave the private IP 192.168.64.9, its host knew 192.168.64.2");
  });

  test("another VM's script is refused and recorded, and ends nothing", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ jobId: "job-1" });
    await mac.bringUpAll();
    const wrong = fleet.useCases.endVm(vmCaller(id), id, { jobId: "job-2", phase: "runner_exited" });
    await expect(wrong).rejects.toMatchObject({ code: "job_mismatch" });
    await settle();
    expect(fleet.state(id)).toBe("ready");
    expect(fleet.useCases.vmEvents(id, 0, 100).at(-1)).toMatchObject({
      type: "evidence",
      data: { jobId: "job-2" },
    });
  });

  test("repeats change nothing, also after the end", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.bringUpAll();
    await Promise.all([1, 2, 3].map(() => fleet.useCases.endVm(CI, id, {})));
    await mac.removeAll();
    const before = fleet.useCases.vmEvents(id, 0, 100).length;
    expect(await fleet.useCases.endVm(CI, id, {})).toMatchObject({ state: "deleted" });
    expect(fleet.useCases.vmEvents(id, 0, 100)).toHaveLength(before);
    await expect(fleet.useCases.endVm(CI, "nosuchvm00000000", {})).rejects.toMatchObject({
      code: "vm_not_found",
    });
  });

  test("a VM's token dies with it, and its secrets are opened for the right host only", async () => {
    const mac = await fleet.host("mac-1");
    const other = await fleet.host("mac-2", { labels: { other: "yes" } });
    const id = await fleet.create({ env: { TOKEN: "s3cret" }, runner: { kind: "script", script: "true" } });
    const host = fleet.useCases.getVm(id).host === "mac-1" ? mac : other;
    const stranger = host === mac ? other : mac;
    const about = { vmId: id, attempt: 1 };
    await expect(fleet.useCases.agent.bootstrap(stranger.host, stranger.epoch, about)).rejects.toMatchObject({
      code: "attempt_not_current",
    });
    const bootstrap = await fleet.useCases.agent.bootstrap(host.host, host.epoch, about);
    expect(reveal(bootstrap)).toMatchObject({
      env: { TOKEN: "s3cret" },
      runner: { kind: "script", shell: "/bin/bash" },
    });
    expect(fleet.useCases.authenticate(bootstrap.vmToken.reveal())).toEqual({ kind: "vm", ...about });
    await host.bringUpAll();
    await expect(fleet.useCases.agent.bootstrap(host.host, host.epoch, about)).rejects.toMatchObject({
      code: "attempt_not_current",
    });
    await fleet.useCases.endVm(CI, id, {});
    await host.removeAll();
    expect(fleet.useCases.authenticate(bootstrap.vmToken.reveal())).toBeUndefined();
  });
});

describe("hosts that fall silent", () => {
  test("a VM that is not ready gets another attempt elsewhere after the grace; the old slot stays taken", async () => {
    const silent = await fleet.host("mac-1");
    const id = await fleet.create();
    await silent.report({ kind: "phase", vmId: id, attempt: 1, phase: "booting" });
    await fleet.clock.pass(29_000);
    expect(fleet.useCases.getVm(id).unreachableSince).toBeNull();
    await fleet.clock.pass(1000);
    expect(fleet.useCases.getVm(id)).toMatchObject({
      state: "booting",
      unreachableSince: expect.any(String),
    });
    const other = await fleet.host("mac-2");
    for (let second = 0; second < 60; second += 10) {
      await fleet.clock.pass(10_000);
      await other.heartbeat();
    }
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", host: "mac-2", attempt: 2 });
    expect(fleet.useCases.getHost("mac-1").slots[0]).toMatchObject({ state: "busy", vmId: id, attempt: 1 });
    await silent.hello();
    expect((await silent.assignments()).assignments).toMatchObject([{ vmId: id, attempt: 1, want: "gone" }]);
    expect(await silent.report({ kind: "phase", vmId: id, attempt: 1, phase: "ready" })).toMatchObject([
      { outcome: "ignored" },
    ]);
    await silent.report({ kind: "gone", vmId: id, attempt: 1 });
    expect(fleet.useCases.getHost("mac-1").slots[0]).toMatchObject({ state: "free" });
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 2 });
  });

  test("a ready VM waits for its host and is never run twice", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.host("mac-2");
    const id = await fleet.create();
    const host = fleet.useCases.getVm(id).host;
    if (host === "mac-1") await mac.bringUpAll();
    else throw new Error("it was placed on the wrong host for this test");
    await fleet.clock.pass(3_600_000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "ready", host: "mac-1", attempt: 1 });
    expect(fleet.useCases.getVm(id).unreachableSince).not.toBeNull();
    await mac.hello();
    expect(fleet.useCases.getVm(id).unreachableSince).toBeNull();
  });

  test("a newer session fences the older one, in its calls and in its subscription", async () => {
    const mac = await fleet.host("mac-1");
    const old = mac.epoch;
    const stream = fleet.useCases.agent.assignments(mac.host, old, new AbortController().signal);
    await stream.next();
    const next = expect(stream.next()).rejects.toMatchObject({ code: "session_fenced" });
    await mac.hello();
    await next;
    await expect(fleet.useCases.agent.heartbeat(mac.host, old, {})).rejects.toMatchObject({
      code: "session_fenced",
    });
  });

  test("a second agent of a machine is kept out while the first one answers, and let in when it is silent", async () => {
    const mac = await fleet.host("mac-1");
    await mac.hello({}, "agent-1");
    const { epoch } = mac;
    for (let tries = 0; tries < 3; tries += 1) {
      await expect(mac.hello({}, "agent-2")).rejects.toMatchObject({ code: "host_identity_conflict" });
      await fleet.clock.pass(10_000);
      await mac.heartbeat();
    }
    expect(mac.epoch).toBe(epoch);
    // The first one restarts and is let in at once, also while its former session seems to live.
    await mac.hello({}, "agent-1");
    expect(mac.epoch).toBe(epoch + 1);
    await fleet.clock.pass(31_000);
    await mac.hello({}, "agent-2");
    await expect(mac.hello({}, "agent-1")).rejects.toMatchObject({ code: "host_identity_conflict" });
    // A new enrolment makes the credential before invalid, and whoever used it a stranger.
    await fleet.useCases.enrolHost(CI, { name: "mac-1", machineId: mac.machineId });
    await mac.hello({}, "agent-1");
    // An agent that does not say which one it is counts as the newest, as ever.
    await mac.hello();
  });

  test("another machine cannot take a host's name", async () => {
    const mac = await fleet.host("mac-1");
    await expect(
      fleet.useCases.enrolHost(CI, { name: "mac-1", machineId: "another-machine" }),
    ).rejects.toMatchObject({
      code: "host_identity_conflict",
    });
    await expect(
      fleet.useCases.agent.hello(mac.host, {
        protocol: 1,
        machineId: "another-machine",
        facts: FACTS,
        instances: [],
      }),
    ).rejects.toMatchObject({ code: "host_identity_conflict" });
  });
});

describe("a restart of the control plane", () => {
  test("ends no VM and eats no grace, however long it took", async () => {
    const mac = await fleet.host("mac-1");
    const [ready, draining] = [await fleet.create(), await fleet.create()];
    await mac.bringUpAll();
    await fleet.useCases.endVm(vmCaller(draining), draining, {});
    await fleet.clock.pass(0);
    await fleet.restart();
    await fleet.clock.pass(29_000);
    expect([ready, draining].map(fleet.state)).toEqual(["ready", "draining"]);
    await mac.hello();
    await fleet.clock.pass(3_600_000);
    expect(fleet.state(ready)).toBe("ready");
    expect(fleet.useCases.getVm(draining)).toMatchObject({ end: { reason: "hook_grace_forced" } });
  });

  test("a deadline that passed while it was down does not fire before agents had a lease's time to speak", async () => {
    fleet.close();
    fleet = await startFleet({ config: { bootTimeoutSeconds: 10 } });
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "booting" });
    await fleet.clock.pass(9000);
    await fleet.restart();
    await fleet.clock.pass(20_000);
    expect(fleet.state(id)).toBe("booting");
    await mac.hello();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "ready" });
    await fleet.clock.pass(60_000);
    expect(fleet.state(id)).toBe("ready");
  });

  test("what a host was bringing up is not given up before the host is, for it may have been done meanwhile", async () => {
    fleet.close();
    fleet = await startFleet({ config: { bootTimeoutSeconds: 10, provisionTimeoutSeconds: 10 } });
    const mac = await fleet.host("mac-1");
    const [booting, atWork] = [await fleet.create(), await fleet.create()];
    await mac.report({ kind: "phase", vmId: booting, attempt: 1, phase: "booting" });
    await mac.report({ kind: "phase", vmId: atWork, attempt: 1, phase: "provisioning" });
    await fleet.restart();
    await fleet.clock.pass(85_000);
    expect([booting, atWork].map(fleet.state)).toEqual(["booting", "provisioning"]);
    await mac.hello();
    await mac.report({ kind: "phase", vmId: atWork, attempt: 1, phase: "ready" });
    await fleet.clock.pass(10_000);
    expect([booting, atWork].map(fleet.state)).toEqual(["queued", "ready"]);
  });
});

test("a script's output is in its VM's record, not in lists", async () => {
  const mac = await fleet.host("mac-1");
  const id = await fleet.create({ runner: { kind: "script", script: "true" } });
  await mac.bringUpAll();
  await mac.report({
    kind: "script_result",
    vmId: id,
    attempt: 1,
    exitCode: 3,
    output: "long",
    truncated: false,
  });
  expect(fleet.useCases.getVm(id).scriptResult).toEqual({ exitCode: 3, output: "long", truncated: false });
  const { vms } = fleet.useCases.listVms({ limit: 10, state: undefined });
  expect(vms.map(({ scriptResult }) => scriptResult)).toEqual([{ exitCode: 3, truncated: false }]);
});

describe("watching", () => {
  test("following events gives the past, then what comes, and ends with the VM", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    const seen: string[] = [];
    const following = (async () => {
      for await (const event of fleet.useCases.followVmEvents(id, 0, new AbortController().signal))
        seen.push(event.state);
    })();
    await mac.bringUpAll();
    await fleet.useCases.endVm(CI, id, {});
    await mac.removeAll();
    await following;
    expect(seen).toEqual(["queued", "assigned", "ready", "stopping", "deleted"]);
  });

  test("waiting answers when it is ready, early when it ends, and in time when neither", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    const never = new AbortController().signal;
    const ready = fleet.useCases.waitForVm(id, "ready", 60, never);
    const ended = fleet.useCases.waitForVm(id, "ended", 10, never);
    await mac.bringUpAll();
    expect(await ready).toMatchObject({ state: "ready" });
    await fleet.clock.pass(10_000);
    expect(await ended).toMatchObject({ state: "ready" });
    const early = fleet.useCases.waitForVm(id, "ready", 60, never);
    expect(await early).toMatchObject({ state: "ready" });
  });

  test("capacity counts every slot once, by label and by image", async () => {
    const image = "ghcr.io/org/image:1";
    const mac = await fleet.host("mac-1", {
      labels: { zone: "a" },
      images: [{ reference: image, sizeGiB: 20 }],
    });
    await fleet.host("mac-2", { labels: { zone: "b" } });
    await fleet.create({ hostLabels: { zone: "a" } });
    await fleet.create({ hostLabels: { zone: "c" }, allowPending: true });
    await mac.bringUpAll();
    const capacity = fleet.useCases.capacity();
    expect(capacity).toMatchObject({ slots: { total: 4, busy: 1, free: 3 }, queued: 1 });
    expect(capacity.byHostLabel.map(({ label, free }) => [label, free])).toEqual([
      ["zone=a", 1],
      ["zone=b", 2],
    ]);
    expect(capacity.byImage).toEqual([{ image, hosts: 1, free: 1, queued: 1, running: 1 }]);
    await fleet.clock.pass(31_000);
    expect(fleet.useCases.capacity().slots).toMatchObject({ unreachable: 4, busy: 0, free: 0 });
  });
});

describe("a control plane that stood still", () => {
  test("gives up no host and no VM because of it, whatever came due meanwhile", async () => {
    const mac = await fleet.host("mac-1");
    const [ready, boots] = [await fleet.create(), await fleet.create()];
    await mac.report({ kind: "phase", vmId: ready, attempt: 1, phase: "ready" });
    await mac.report({ kind: "phase", vmId: boots, attempt: 1, phase: "booting" });
    for (const seconds of [20, 40, 120, 3600]) {
      await fleet.clock.pass(5000);
      await mac.heartbeat();
      await fleet.clock.sleep(seconds * 1000);
      expect(fleet.useCases.getHost("mac-1").connected).toBe(true);
      await fleet.clock.pass(29_000);
      expect([ready, boots].map(fleet.state)).toEqual(["ready", "booting"]);
      expect(fleet.useCases.getVm(ready).unreachableSince).toBeNull();
      await mac.heartbeat();
    }
    expect(fleet.useCases.getVm(boots)).toMatchObject({ attempt: 1, host: "mac-1" });
  });

  test("waits for a silent host's whole lease and grace again, and then no longer", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "booting" });
    await fleet.clock.pass(80_000);
    expect(fleet.useCases.getHost("mac-1").connected).toBe(false);
    await fleet.clock.sleep(120_000);
    await fleet.clock.pass(55_000);
    expect(fleet.state(id)).toBe("booting");
    await fleet.clock.pass(6000);
    expect(fleet.state(id)).toBe("queued");
  });

  test("holds TTLs to the time that really passed", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ ttlSeconds: 600 });
    await mac.bringUpAll();
    await fleet.clock.sleep(700_000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "ttl" } });
  });
});

describe("a control plane whose clock was set back while it was down", () => {
  test("gives no VM more time than it had", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ ttlSeconds: 3600 });
    await mac.bringUpAll();
    await fleet.clock.pass(600_000);
    fleet.clock.set(-86_400_000);
    await fleet.restart();
    await mac.hello();
    await fleet.clock.pass(2_900_000);
    expect(fleet.state(id)).toBe("ready");
    await fleet.clock.pass(200_000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "ttl" } });
  });

  test("does not take time in which nothing happened for a clock that was set back, nor a long stop", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ ttlSeconds: 7200 });
    await mac.bringUpAll();
    const before = fleet.useCases.getVm(id).expiresAt;
    await fleet.clock.pass(1_800_000);
    await fleet.restart();
    expect(fleet.useCases.getVm(id).expiresAt).toBe(before);
    fleet.clock.set(3_600_000);
    await fleet.restart();
    expect(fleet.useCases.getVm(id).expiresAt).toBe(before);
  });
});
