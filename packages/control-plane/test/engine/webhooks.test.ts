import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { ADMIN, until } from "../helpers/plane.ts";
import { settle } from "../support/fleet.ts";
import { hook, startReceiver, startSoundFleet, type Message } from "../support/receiver.ts";

const HOUR = 3_600_000;

type Fleet = Awaited<ReturnType<typeof startSoundFleet>>;

/** Lets what happened be gathered, and what is due be sent. */
const gather = (fleet: Fleet) => fleet.clock.pass(100);

/** Standard Webhooks' verification, by WebCrypto and not by what signs. */
async function isSignedWith(secret: string, { headers, text }: Message): Promise<boolean> {
  const raw = Buffer.from(secret.replace("whsec_", ""), "base64");
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = Buffer.from([headers["webhook-id"], headers["webhook-timestamp"], text].join("."));
  const signatures = String(headers["webhook-signature"]).split(" ");
  const fits = await Promise.all(
    signatures.map((signature) =>
      crypto.subtle.verify("HMAC", key, Buffer.from(signature.replace("v1,", ""), "base64"), signed),
    ),
  );
  return fits.includes(true);
}

test("tells of a VM's life, signed, without a secret", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver();
  const { secret, url } = await hook(fleet, { url: receiver.url });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/…$/);
  const agent = await fleet.host("mac-1");
  const id = await fleet.create({
    env: { PASSWORD: "hunter2" },
    runner: { kind: "github", jitConfig: "jit-secret" },
  });
  await agent.bringUpAll();
  await gather(fleet);
  await until(() => receiver.types().includes("vm.ready"));
  await fleet.useCases.endVm(ADMIN, id, {});
  await agent.removeAll();
  await gather(fleet);
  await until(() => receiver.types().includes("vm.ended"));
  expect(receiver.types()).toEqual(["vm.accepted", "vm.assigned", "vm.ready", "vm.ended"]);
  for (const message of receiver.got) {
    expect(await isSignedWith(secret, message)).toBe(true);
    expect(message.text).not.toMatch(/hunter2|jit-secret|whsec_|secret-path/);
    expect(message.headers["webhook-timestamp"]).toBe(String(Math.floor(fleet.clock.now() / 1000)));
  }
  expect(receiver.got.at(-1)?.body).toMatchObject({
    timestamp: expect.stringMatching(/Z$/),
    data: {
      vm: { id, host: "mac-1", end: { reason: "client" } },
      event: { type: "state", state: "deleted" },
    },
  });
  await until(() => fleet.useCases.getWebhook("ops").pending === 0);
});

test("tells of hosts by what the audit log says of them", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver();
  await hook(fleet, { url: receiver.url, events: ["host.*"] });
  const agent = await fleet.host("mac-1");
  await fleet.useCases.cordonHost(ADMIN, "mac-1", { reason: "new disk" });
  await gather(fleet);
  await until(() => receiver.got.length === 3);
  await fleet.clock.pass(60_000);
  await until(() => receiver.got.length === 4);
  await agent.heartbeat();
  await gather(fleet);
  await until(() => receiver.got.length === 5);
  await fleet.useCases.removeHost(ADMIN, "mac-1", { force: true });
  await gather(fleet);
  await until(() => receiver.got.length === 6);
  expect(receiver.types()).toEqual([
    "host.enrolled",
    "host.connected",
    "host.cordoned",
    "host.silent",
    "host.connected",
    "host.removed",
  ]);
  expect(receiver.got[2]?.body.data).toMatchObject({
    act: { actor: expect.stringContaining("token test"), details: { reason: "new disk" } },
    host: { name: "mac-1", connected: true, cordoned: "new disk", vms: 0 },
  });
  expect(receiver.got[5]?.body.data.host).toBeNull();
});

test("tells nobody of another team's VMs, nor of what is not asked for", async () => {
  const fleet = await startSoundFleet();
  const [all, web, failures] = [await startReceiver(), await startReceiver(), await startReceiver()];
  await hook(fleet, { url: all.url });
  await hook(fleet, { name: "web", url: web.url, events: ["*"], team: "web" });
  await hook(fleet, { name: "failures", url: failures.url, events: ["vm.failed"] });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => all.got.length === 1);
  expect([web.got, failures.got]).toEqual([[], []]);
});

test("tries again what was not taken, later and later, under the same id", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver((_message, n) => (n < 2 ? 500 : 204));
  await hook(fleet, { url: receiver.url });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => fleet.useCases.getWebhook("ops").lastFailure !== null);
  expect(fleet.useCases.listDeliveries("ops", { state: "pending", after: 0, limit: 10 })).toMatchObject([
    { type: "vm.accepted", tries: 1, status: 500, message: "HTTP 500" },
  ]);
  await fleet.clock.pass(9999);
  expect(receiver.got).toHaveLength(1);
  await fleet.clock.pass(2001);
  await until(() => receiver.got.length === 2);
  await until(
    () => fleet.useCases.listDeliveries("ops", { state: "pending", after: 0, limit: 10 })[0]?.tries === 2,
  );
  await fleet.clock.pass(36_000);
  await until(() => fleet.useCases.getWebhook("ops").pending === 0);
  expect(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(receiver.got.map(({ text }) => text)).size).toBe(1);
});

test("is held up by no other webhook's receiver that never answers", async () => {
  const fleet = await startSoundFleet();
  const [slow, quick] = [await startReceiver(() => "hang"), await startReceiver()];
  await hook(fleet, { name: "slow", url: slow.url });
  await hook(fleet, { name: "quick", url: quick.url });
  for (let n = 0; n < 10; n += 1) await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => quick.got.length === 10 && slow.got.length === 4);
  await fleet.clock.pass(10_000);
  await until(() => slow.got.length === 8);
  expect(fleet.useCases.getWebhook("slow").lastFailure?.message).toBe("no answer within 10 s");
});

test("leaves a receiver alone that is gone, until somebody enables it", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver(() => 410);
  await hook(fleet, { url: receiver.url });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => !fleet.useCases.getWebhook("ops").enabled);
  expect(fleet.useCases.getWebhook("ops").disabledReason).toMatch(/gone for good/);
  expect(
    fleet.useCases.auditPage({ limit: 1, order: "newest", action: "webhook.disabled" }).records,
  ).toMatchObject([{ actor: "control plane", subject: "webhook ops" }]);
  await fleet.create({ allowPending: true });
  await fleet.clock.pass(HOUR);
  expect(receiver.got).toHaveLength(1);
  receiver.answers(() => 200);
  await fleet.useCases.changeWebhook(ADMIN, "ops", { enabled: true });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  // What waited, and what happened since; nothing of what happened while it was disabled.
  await until(() => receiver.got.length === 3);
  await until(() => fleet.useCases.getWebhook("ops").pending === 0);
});

test("rests for as long as a receiver asks for, with all that it has for it", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver((_message, n) =>
    n === 0 ? (response) => response.writeHead(429, { "retry-after": "600" }).end("slow down") : 200,
  );
  await hook(fleet, { url: receiver.url });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => fleet.useCases.getWebhook("ops").lastFailure?.message === "HTTP 429: slow down");
  await fleet.create({ allowPending: true });
  await fleet.clock.pass(590_000);
  await settle();
  expect(receiver.got).toHaveLength(1);
  await fleet.clock.pass(15_000);
  await until(() => receiver.got.length === 3);
});

test("does not follow redirects, and keeps no more than the beginning of an answer", async () => {
  const fleet = await startSoundFleet();
  const other = await startReceiver();
  const receiver = await startReceiver(() => (response) => {
    response.writeHead(302, { location: other.url }).end("x".repeat(100_000));
  });
  await hook(fleet, { url: receiver.url });
  const tried = await fleet.useCases.testWebhook(ADMIN, "ops");
  expect(tried).toMatchObject({ delivered: false, status: 302 });
  expect(tried.message).toMatch(/^HTTP 302; redirects are not followed: x+$/);
  expect(tried.message.length).toBeLessThanOrEqual(300);
  expect(other.got).toEqual([]);
});

test("gives up after a day, and tries again when it is asked to", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver(() => 503);
  await hook(fleet, { url: receiver.url, events: ["vm.accepted"] });
  await fleet.create({ allowPending: true });
  await gather(fleet);
  const begun = fleet.clock.now();
  for (let n = 1; n <= 12; n += 1) {
    await until(() => receiver.got.length === n);
    await until(() => {
      const { pending, dead, lastFailure } = fleet.useCases.getWebhook("ops");
      return lastFailure?.at === new Date(fleet.clock.now()).toISOString() && pending + dead === 1;
    });
    const [next] = fleet.useCases.listDeliveries("ops", { state: "pending", after: 0, limit: 10 });
    if (next?.nextTryAt) await fleet.clock.sleep(Date.parse(next.nextTryAt) - fleet.clock.now());
  }
  const day = fleet.clock.now() - begun;
  expect(day).toBeGreaterThan(18 * HOUR);
  expect(day).toBeLessThan(36 * HOUR);
  const dead = fleet.useCases.listDeliveries("ops", { state: "dead", after: 0, limit: 10 });
  expect(dead).toMatchObject([{ state: "dead", tries: 12, status: 503, nextTryAt: null }]);
  expect(await fleet.useCases.metrics()).toContain("\ntartfleet_webhook_dead 1\n");
  expect(await fleet.useCases.metrics()).toMatch(
    /tartfleet_webhook_deliveries_total\{outcome="failed"\} 11\n/,
  );
  await expect(fleet.useCases.replayWebhook(ADMIN, "ops", { id: 4711 })).rejects.toMatchObject({
    code: "delivery_not_found",
  });
  receiver.answers(() => 200);
  expect(await fleet.useCases.replayWebhook(ADMIN, "ops", {})).toEqual({ replayed: 1 });
  await until(() => receiver.got.length === 13);
  await until(() => fleet.useCases.getWebhook("ops").dead === 0);
  expect(receiver.got[12]?.headers["webhook-id"]).toBe(receiver.got[0]?.headers["webhook-id"]);
});

test("loses nothing when the control plane stops at any moment", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver((_message, n) => (n % 3 === 0 ? 500 : 200));
  await hook(fleet, { url: receiver.url });
  const agent = await fleet.host("mac-1");
  const wanted = new Set<string>();
  for (let n = 0; n < 6; n += 1) {
    const id = await fleet.create();
    // Sometimes before anything was gathered, sometimes while it is under way.
    if (n % 2 === 0) await fleet.clock.pass(n === 4 ? 100 : 10);
    await fleet.restart();
    await agent.hello();
    await agent.bringUpAll();
    await fleet.useCases.endVm(ADMIN, id, {});
    await agent.removeAll();
    for (const type of ["vm.accepted", "vm.assigned", "vm.ready", "vm.ended"]) wanted.add(`${id} ${type}`);
  }
  await fleet.restart();
  receiver.answers(() => 200);
  await until(async () => {
    await fleet.clock.pass(12_000);
    return fleet.useCases.getWebhook("ops").pending === 0;
  });
  const told = receiver.got.map(({ body }) => `${body.data.vm.id} ${body.type}`);
  expect(new Set(told)).toEqual(wanted);
  // What came twice has the same id: that is how a receiver knows.
  const ids = new Map(
    receiver.got.map(({ headers, body }) => [headers["webhook-id"], `${body.data.vm.id} ${body.type}`]),
  );
  expect(ids.size).toBe(wanted.size);
});

test("tells of one VM in order as long as everything is taken", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver();
  await hook(fleet, { url: receiver.url });
  const agents = [await fleet.host("mac-1"), await fleet.host("mac-2"), await fleet.host("mac-3")];
  for (let n = 0; n < 6; n += 1) await fleet.create();
  for (const agent of agents) await agent.bringUpAll();
  await gather(fleet);
  await until(() => receiver.got.length === 18);
  const byVm = Map.groupBy(receiver.got, ({ body }) => body.data.vm.id as string);
  for (const [, messages] of byVm)
    expect(messages.map(({ body }) => body.type)).toEqual(["vm.accepted", "vm.assigned", "vm.ready"]);
});

test("signs with the secret before as well for a grace", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver();
  const first = await hook(fleet, { url: receiver.url });
  const second = await fleet.useCases.rotateWebhook(ADMIN, "ops", { graceSeconds: 60 });
  expect(second.secret).not.toBe(first.secret);
  const ping = async () => {
    expect(await fleet.useCases.testWebhook(ADMIN, "ops")).toMatchObject({ delivered: true });
    const message = receiver.got.at(-1);
    if (!message) throw new Error("no ping came");
    return Promise.all([isSignedWith(first.secret, message), isSignedWith(second.secret, message)]);
  };
  expect(await ping()).toEqual([true, true]);
  await fleet.clock.pass(61_000);
  expect(await ping()).toEqual([false, true]);
});

test("says of a VM in Slack's own form what a person wants to know", async () => {
  const fleet = await startSoundFleet();
  const receiver = await startReceiver();
  await hook(fleet, { url: receiver.url, template: "slack", events: ["vm.failed"] });
  await fleet.create({ name: "build-1", allowPending: true, queueTimeoutSeconds: 60 });
  await fleet.clock.pass(61_000);
  await until(() => receiver.got.length === 1);
  const { text, blocks } = receiver.got[0]?.body ?? {};
  expect(text).toBe("A VM has failed: build-1");
  expect(blocks[0].text.text).toMatch(/^:red_circle: \*A VM has failed: build-1\*\nNo slot became free/);
  expect(JSON.stringify(blocks)).toMatch(/tartfleet vm events [a-z0-9]{16}/);
});

test("is disabled, and says so, when its secrets were sealed with another key", async () => {
  const database = openMemoryDatabase();
  const fleet = await startSoundFleet(database);
  const receiver = await startReceiver();
  await hook(fleet, { url: receiver.url });
  database.db.run("update webhooks set sealed = zeroblob(100)");
  await fleet.restart();
  await fleet.create({ allowPending: true });
  await gather(fleet);
  await until(() => !fleet.useCases.getWebhook("ops").enabled);
  expect(fleet.useCases.getWebhook("ops").disabledReason).toMatch(/Remove the webhook and make it anew/);
  await expect(fleet.useCases.rotateWebhook(ADMIN, "ops", { graceSeconds: 0 })).rejects.toMatchObject({
    code: "invalid_request",
  });
  await fleet.useCases.removeWebhook(ADMIN, "ops");
  expect(receiver.got).toEqual([]);
});

test("keeps so many dead deliveries, and none for longer than a month", async () => {
  const database = openMemoryDatabase();
  const fleet = await startSoundFleet(database);
  const receiver = await startReceiver();
  await hook(fleet, { url: receiver.url, events: ["channel.completed"] });
  const now = fleet.clock.now();
  const add = (first: number, count: number, deadAt: number) =>
    database.db
      .run(`with recursive n(i) as (select ${first} union all select i + 1 from n where i < ${first + count - 1})
      insert into deliveries (webhook_id, message_id, type, subject, at, body, tries, due_at, dead_at)
      select 1, 'msg_' || i, 'vm.failed', 'VM x', 0, '{}', 12, 0, ${deadAt} from n`);
  add(1, 100, now);
  add(101, 1100, now + 29 * 24 * HOUR);
  expect(fleet.useCases.getWebhook("ops").dead).toBe(1200);
  await fleet.clock.sleep(31 * 24 * HOUR);
  await until(() => fleet.useCases.getWebhook("ops").dead === 1000);
  const [oldest] = fleet.useCases.listDeliveries("ops", { state: "dead", after: 0, limit: 1 });
  expect(oldest?.messageId).toBe("msg_201");
});
