import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { agentTunnelPath, vmTunnelPath, type TunnelKind } from "@tartfleet/shared";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { FACTS, enrol, hello } from "../helpers/host.ts";
import { skippingClock, startPlane, until, type Plane } from "../helpers/plane.ts";

let plane: Plane;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await plane.close();
});

interface Refused {
  status: number;
  code: string;
}

/** A socket, or how it was refused. */
async function dial(path: string, token: string): Promise<WebSocket | Refused> {
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  sockets.push(socket);
  socket.on("error", () => {});
  const refused = once(socket, "unexpected-response").then(async ([, response]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const { status, code } = JSON.parse(Buffer.concat(chunks).toString());
    return { status, code };
  });
  return Promise.race([once(socket, "open").then(() => socket), refused]);
}

function open(dialled: WebSocket | Refused): WebSocket {
  if (dialled instanceof WebSocket) return dialled;
  throw new Error(`refused: ${JSON.stringify(dialled)}`);
}

type Host = Awaited<ReturnType<typeof host>>;

/** A host whose agent can open tunnels; it opens those that it is told to by itself. */
async function host(name: string, { kinds = ["exec"], opens = true } = {}) {
  const credential = await enrol(plane, name);
  const principal = plane.useCases.authenticate(credential);
  if (principal?.kind !== "host") throw new Error("not a host");
  const caller = { principal, requestId: "test", address: null };
  const facts = { ...FACTS, labels: { only: name }, tunnelKinds: kinds };
  const { epoch } = await plane.useCases.agent.hello(caller, { ...hello(`machine-${name}`), facts });
  const opened: WebSocket[] = [];
  const asked: string[][] = [];
  const stop = new AbortController();
  void (async () => {
    const known = new Set<string>();
    for await (const { tunnels = [] } of plane.useCases.agent.assignments(caller, epoch, stop.signal)) {
      asked.push(tunnels.map(({ id }) => id));
      for (const { id } of tunnels) {
        if (known.has(id) || !opens) continue;
        known.add(id);
        const dialled = await dial(agentTunnelPath(id), credential);
        if (dialled instanceof WebSocket) opened.push(dialled);
      }
    }
  })();
  return { name, credential, caller, epoch, opened, asked, facts };
}

/** A VM on the host whose guest is up. */
async function vmOn({ name, caller, epoch }: Host): Promise<string> {
  const { id } = await plane.createVm({ hostLabels: { only: name } });
  await until(() => plane.useCases.getVm(id).state === "assigned");
  for (const phase of ["pulling", "cloning", "booting"] as const) {
    await plane.useCases.agent.report(caller, epoch, [{ vmId: id, attempt: 1, kind: "phase", phase }]);
  }
  return id;
}

const ask = (vmId: string, by: { token?: string; kind?: TunnelKind } = {}) =>
  dial(vmTunnelPath(vmId, by.kind ?? "exec"), by.token ?? plane.tokens.ci);

/** Both ends of a tunnel to a VM of a host of its own. */
async function tunnel(options: Parameters<typeof startPlane>[0] = {}) {
  plane = await startPlane(options);
  const mac = await host("mac-1");
  const vmId = await vmOn(mac);
  const client = open(await ask(vmId));
  const agent = await until(() => mac.opened[0]);
  return { mac, vmId, client, agent };
}

const closeOf = async (socket: WebSocket) => {
  const [code, reason] = await once(socket, "close");
  return [code, String(reason)];
};

const endRows = () =>
  plane.useCases
    .auditPage({ limit: 1000, order: "oldest" })
    .records.filter(({ action }) => action === "vm.tunnel_end");

describe("a tunnel", () => {
  it("carries what each end says, in order and as it is, and ends when its client has closed it", async () => {
    const { mac, client, agent } = await tunnel();
    const heard = { client: [] as Buffer[], agent: [] as Buffer[] };
    client.on("message", (message: Buffer) => void heard.client.push(message));
    agent.on("message", (message: Buffer) => void heard.agent.push(message));
    const said = Array.from({ length: 200 }, (_, index) => randomBytes(index * 7));
    for (const message of said) {
      client.send(message);
      agent.send(message);
    }
    await until(() => heard.client.length === said.length && heard.agent.length === said.length);
    expect(heard.agent).toEqual(said);
    expect(heard.client).toEqual(said);
    const closed = closeOf(agent);
    client.close(1000);
    expect(await closed).toEqual([1000, ""]);
    const bytes = said.reduce((sum, { length }) => sum + length, 0);
    await until(() => endRows().length === 1);
    expect(endRows()[0]?.details).toMatchObject({
      reason: "closed",
      bytesToGuest: bytes,
      bytesFromGuest: bytes,
    });
    expect(mac.asked.at(-1)).toEqual([]);
  });

  it.each(["agent", "client"] as const)("reads no more from one end than the %s takes", async (slow) => {
    const { client, agent } = await tunnel();
    const [from, to] = slow === "agent" ? [client, agent] : [agent, client];
    const piece = randomBytes(64 * 1024);
    const pieces = 1024;
    to.pause();
    let sent = 0;
    const sending = (async () => {
      for (; sent < pieces; sent += 1) await new Promise((done) => from.send(piece, done));
    })();
    let before = -1;
    await until(async () => {
      const isStill = before === sent;
      before = sent;
      await new Promise((done) => setTimeout(done, 200));
      return isStill && before === sent;
    });
    // What the systems' own buffers hold, and a few messages.
    expect(sent * piece.length).toBeLessThan(24 << 20);
    const sum = createHash("sha256");
    let bytes = 0;
    to.on("message", (message: Buffer) => {
      sum.update(message);
      bytes += message.length;
    });
    to.resume();
    await sending;
    await until(() => bytes === pieces * piece.length);
    const all = createHash("sha256");
    for (let part = 0; part < pieces; part += 1) all.update(piece);
    expect(sum.digest("hex")).toBe(all.digest("hex"));
  });

  it("is cut when it carries nothing for too long, and not while it does", async () => {
    const clock = skippingClock();
    const { client, agent } = await tunnel({ clock, limits: { tunnelIdleMs: 8000 } });
    for (let step = 0; step < 3; step += 1) {
      clock.skip(5000);
      client.send(Buffer.from("x"));
      await once(agent, "message");
    }
    const closed = Promise.all([closeOf(client), closeOf(agent)]);
    clock.skip(9000);
    expect(await closed).toEqual([
      [4412, "idle"],
      [4412, "idle"],
    ]);
    await until(() => endRows()[0]?.details["reason"] === "idle");
  });

  it("is cut when it was open for too long", async () => {
    const clock = skippingClock();
    const { client } = await tunnel({ clock, limits: { tunnelMaxMs: 9000 } });
    const closed = closeOf(client);
    clock.skip(10_000);
    expect(await closed).toEqual([4413, "too_long"]);
  });

  it("is cut when its VM ends, and its agent is told to end it", async () => {
    const { mac, vmId, client, agent } = await tunnel();
    const closed = Promise.all([closeOf(client), closeOf(agent)]);
    await plane.call("DELETE", `/v1/vms/${vmId}`, { token: plane.tokens.ci });
    expect(await closed).toEqual([
      [4410, "vm_ended"],
      [4410, "vm_ended"],
    ]);
    await until(() => mac.asked.at(-1)?.length === 0);
  });

  it("is cut when its host falls silent", async () => {
    const clock = skippingClock();
    const { client } = await tunnel({ clock });
    const closed = closeOf(client);
    // In steps: a long one is a control plane that stood still, which nobody is made to pay for.
    for (let step = 0; step < 20; step += 1) clock.skip(2000);
    expect(await closed).toEqual([4411, "host_silent"]);
  });

  it("is cut when the client's token is revoked", async () => {
    plane = await startPlane();
    const vmId = await vmOn(await host("mac-1"));
    const { body } = await plane.call("POST", "/v1/tokens", {
      token: plane.tokens.admin,
      json: { role: "ci", name: "short" },
    });
    const client = open(await ask(vmId, { token: body.token }));
    const closed = closeOf(client);
    await plane.call("DELETE", `/v1/tokens/${body.id}`, { token: plane.tokens.admin });
    expect(await closed).toEqual([4401, "token_invalid"]);
  });

  it("is cut when the control plane stops, which ends no VM and is written down", async () => {
    const written: string[] = [];
    const { vmId, client, agent } = await tunnel({
      change: (useCases) => ({
        async openTunnel(...asked) {
          const opened = await useCases.openTunnel(...asked);
          const ended = async (how: Parameters<typeof opened.ended>[0]) => {
            await opened.ended(how);
            written.push(`${how.reason}: ${useCases.getVm(vmId).state}`);
          };
          return { ...opened, ended };
        },
      }),
    });
    const closed = Promise.all([closeOf(client), closeOf(agent)]);
    await plane.close();
    expect(await closed).toEqual([
      [1012, "restarting"],
      [1012, "restarting"],
    ]);
    expect(written).toEqual(["restarting: booting"]);
    expect(plane.fatal).toEqual([]);
  });

  it("ends when its agent is gone, and when somebody sends text", async () => {
    const { mac, vmId, client, agent } = await tunnel();
    const closed = closeOf(client);
    agent.terminate();
    expect(await closed).toEqual([4414, "agent_left"]);

    const second = open(await ask(vmId));
    await until(() => mac.opened[1]);
    const refused = closeOf(second);
    second.send("text");
    expect(await refused).toEqual([4416, "not_understood"]);
  });
});

describe("a tunnel is refused", () => {
  const start = async (options: Parameters<typeof startPlane>[0] = {}) => {
    plane = await startPlane(options);
  };

  it("to viewers, to strangers, of a kind that there is not, and of a VM that there is not", async () => {
    await start();
    const mac = await host("mac-1", { kinds: ["exec", "logs"] });
    const vmId = await vmOn(mac);
    const viewer = plane.tokens.viewer;
    expect(await ask(vmId, { token: viewer })).toEqual({ status: 403, code: "forbidden" });
    expect(await ask(vmId, { token: mac.credential })).toEqual({ status: 403, code: "forbidden" });
    expect(await ask(vmId, { token: "nonsense" })).toEqual({ status: 401, code: "unauthenticated" });
    expect(await ask(vmId, { token: viewer, kind: "logs" })).toBeInstanceOf(WebSocket);
    expect(await dial(`/v1/vms/${vmId}/tunnels/nonsense`, plane.tokens.ci)).toEqual({
      status: 404,
      code: "route_not_found",
    });
    expect(await ask("aaaabbbbccccdddd")).toEqual({ status: 404, code: "vm_not_found" });
  });

  it("of another team's VM, as of one that does not exist", async () => {
    await start();
    const vmId = await vmOn(await host("mac-1"));
    const { body } = await plane.call("POST", "/v1/tokens", {
      token: plane.tokens.admin,
      json: { role: "ci", name: "others", team: "others" },
    });
    expect(await ask(vmId, { token: body.token })).toEqual({ status: 404, code: "vm_not_found" });
  });

  it("where there is no guest yet, or no more, or no agent that could open it", async () => {
    await start();
    const { id } = await plane.createVm();
    expect(await ask(id)).toEqual({ status: 409, code: "vm_not_reachable" });
    await plane.call("DELETE", `/v1/vms/${id}`, { token: plane.tokens.ci });
    expect(await ask(id)).toEqual({ status: 409, code: "vm_not_reachable" });
    const vmId = await vmOn(await host("mac-old", { kinds: [] }));
    expect(await ask(vmId)).toEqual({ status: 409, code: "tunnel_unsupported" });
  });

  it("where the host does not come in time, and it is asked for no more", async () => {
    const clock = skippingClock();
    await start({ clock });
    const mac = await host("mac-1", { opens: false });
    const vmId = await vmOn(mac);
    const asking = ask(vmId);
    await until(() => mac.asked.at(-1)?.length === 1);
    clock.skip(16_000);
    expect(await asking).toEqual({ status: 504, code: "tunnel_not_opened" });
    await until(() => mac.asked.at(-1)?.length === 0);
    expect(endRows()[0]?.details["reason"]).toBe("not_opened");
  });

  it("beyond so many", async () => {
    await start({ settings: ["--max-tunnels-per-token", "2"] });
    const vmId = await vmOn(await host("mac-1"));
    open(await ask(vmId));
    const second = open(await ask(vmId));
    expect(await ask(vmId)).toEqual({ status: 429, code: "too_many_tunnels" });
    expect(await ask(vmId, { token: plane.tokens.admin })).toBeInstanceOf(WebSocket);
    second.close(1000);
    await until(async () => (await ask(vmId)) instanceof WebSocket);
  });

  it("to a host that it was not asked of, and to anybody who is no host", async () => {
    await start();
    const mac = await host("mac-1", { opens: false });
    const other = await host("mac-2");
    const vmId = await vmOn(mac);
    const asking = ask(vmId);
    const [id = ""] = await until(() => (mac.asked.at(-1)?.length ? mac.asked.at(-1) : undefined));
    const path = agentTunnelPath(id);
    expect(await dial(path, other.credential)).toEqual({ status: 404, code: "tunnel_not_found" });
    expect(await dial(path, plane.tokens.admin)).toEqual({ status: 403, code: "forbidden" });
    const agent = open(await dial(path, mac.credential));
    const client = open(await asking);
    expect(await dial(path, mac.credential)).toEqual({ status: 404, code: "tunnel_not_found" });
    agent.send(Buffer.from("hello"));
    expect(String((await once(client, "message"))[0])).toBe("hello");
  });
});
