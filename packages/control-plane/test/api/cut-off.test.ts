import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { httpClient, problemOf, socketClient } from "../helpers/client.ts";
import { enrol, vmWithToken } from "../helpers/host.ts";
import { ADMIN, skippingClock, startPlane, until } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";
import { openStream } from "../helpers/sse.ts";

/** Seconds; less than the long polls take. */
const SPAN = 300;
const clock = skippingClock();
let plane: Plane;
let vmId: string;

beforeAll(async () => {
  plane = await startPlane({ clock });
  vmId = (await plane.createVm({ hostLabels: { nobody: "has" }, queueTimeoutSeconds: 604_800 })).id;
});
afterAll(() => plane.close());

async function openSocket(token: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/trpc`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await once(socket, "open");
  return socket;
}

const closeCode = async (socket: WebSocket) => Number((await once(socket, "close"))[0]);

/** Everything that lasts, opened with the token and under way; how each ended, in this order. */
async function openAll(token: string): Promise<Promise<unknown>[]> {
  const socket = await openSocket(token);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const live = socketClient(plane.port, token);
  live.trpc.vms.follow.subscribe({ id: vmId }, { onData: () => begin(), onError: () => {} });
  const stream = await openStream(`${plane.url}/v1/vms/${vmId}/events`, token);
  await until(() => stream.events().length > 0);
  await begun;
  const poll = plane.call("GET", `/v1/vms/${vmId}/wait?for=ended&timeoutSeconds=600`, { token });
  const wait = { id: vmId, for: "ended", timeoutSeconds: 600 } as const;
  const trpcPoll = problemOf(httpClient(plane.url, token).vms.wait.query(wait));
  return [
    closeCode(socket),
    until(() => live.closes[0]).finally(() => void live.close()),
    stream.ended.then(() => stream.events().length),
    poll.then(({ status }) => status),
    trpcPoll.then((data) => data?.problem.code),
  ];
}

/** How they end when the token is no longer valid; the stream without a further event. */
const CUT = [4401, 4401, 1, 401, "unauthenticated"];

const tokenOf = (expiresInSeconds?: number) =>
  plane.useCases.createToken(ADMIN, { role: "viewer", name: "soon gone", expiresInSeconds });

const worksWith = async (token: string) =>
  (await plane.call("GET", `/v1/vms/${vmId}`, { token })).status === 200;

describe("what was opened with a token ends at once", () => {
  it("when it is revoked", async () => {
    const { id, token } = await tokenOf();
    const opened = await openAll(token);
    await plane.call("DELETE", `/v1/tokens/${id}`, { token: plane.tokens.admin });
    expect(await Promise.all(opened)).toEqual(CUT);
    expect(await worksWith(token)).toBe(false);
  });

  it("when it expires", async () => {
    const { token } = await tokenOf(SPAN);
    const opened = await openAll(token);
    clock.skip(SPAN * 1000);
    expect(await Promise.all(opened)).toEqual(CUT);
    expect(await worksWith(token)).toBe(false);
  });

  it("when the grace after its rotation is over, and not before", async () => {
    const { id, token } = await tokenOf();
    const opened = await openAll(token);
    const rotated = await plane.call("POST", `/v1/tokens/${id}/rotate`, {
      token: plane.tokens.admin,
      json: { graceSeconds: SPAN },
    });
    expect(rotated.status).toBe(200);
    const openedAfter = await openAll(rotated.body.token);
    expect(await worksWith(token)).toBe(true);
    clock.skip(SPAN * 1000);
    expect(await Promise.all(opened)).toEqual(CUT);
    expect(await worksWith(token)).toBe(false);
    expect(await worksWith(rotated.body.token)).toBe(true);

    // Without a grace the secret before is gone at once; the one from before that stays gone.
    await httpClient(plane.url, plane.tokens.admin).tokens.rotate.mutate({ id, graceSeconds: 0 });
    expect(await Promise.all(openedAfter)).toEqual(CUT);
    expect([await worksWith(token), await worksWith(rotated.body.token)]).toEqual([false, false]);
  });

  it("when it is a host's credential and the host was enrolled anew", async () => {
    const old = await openSocket(await enrol(plane, "mac-again"));
    const cut = closeCode(old);
    const other = await openSocket(await enrol(plane, "mac-other"));
    const present = await openSocket(await enrol(plane, "mac-again"));
    expect(await cut).toBe(4401);
    expect([other.readyState, present.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
    other.terminate();
    present.terminate();
  });

  it("when it is a host's credential and an admin has ended it, until the host is enrolled anew", async () => {
    const socket = await openSocket(await enrol(plane, "mac-stolen"));
    const cut = closeCode(socket);
    const credential = "/v1/hosts/mac-stolen/credential";
    expect((await plane.call("DELETE", credential, { token: plane.tokens.ci })).status).toBe(403);
    expect((await plane.call("DELETE", credential, { token: plane.tokens.admin })).status).toBe(204);
    expect(await cut).toBe(4401);
    const { body } = await plane.call("GET", "/v1/hosts/mac-stolen", { token: plane.tokens.viewer });
    expect(body).toMatchObject({ connected: false });
    const acts = await plane.call("GET", "/v1/audit?action=host.revoke", { token: plane.tokens.admin });
    expect(acts.body.records).toMatchObject([
      { outcome: "refused" },
      { subject: "host mac-stolen", outcome: "done" },
    ]);

    (await openSocket(await enrol(plane, "mac-stolen"))).terminate();
    const unknown = await plane.call("DELETE", "/v1/hosts/nobody/credential", { token: plane.tokens.admin });
    expect([unknown.status, unknown.body.code]).toEqual([404, "host_not_found"]);
  });

  it("when it is a VM's and the VM has ended", async () => {
    const { id, token, host, epoch } = await vmWithToken(plane, "mac-of-vm");
    const cut = closeCode(await openSocket(token));
    await plane.call("DELETE", `/v1/vms/${id}`, { token: plane.tokens.ci });
    await plane.useCases.agent.report(host, epoch, [{ kind: "gone", vmId: id, attempt: 1 }]);
    expect(await cut).toBe(4401);
    expect((await plane.call("DELETE", `/v1/vms/${id}?phase=runner_exited`, { token })).status).toBe(401);
  });
});

describe("a rotation", () => {
  it("gives a new secret once, under the same id, and says until when the old one works", async () => {
    const { id, token } = await tokenOf();
    const { status, body } = await plane.call("POST", `/v1/tokens/${id}/rotate`, {
      token: plane.tokens.admin,
    });
    expect(status).toBe(200);
    expect(body.token).not.toBe(token);
    const list = await plane.call("GET", "/v1/tokens", { token: plane.tokens.admin });
    const record = list.body.tokens.find((entry: { id: string }) => entry.id === id);
    expect(record.previousUntil).toBe(body.previousUntil);
    expect(Date.parse(record.previousUntil) - clock.now()).toBeGreaterThan(3_500_000);
    expect(list.text).not.toContain(body.token);
  });

  it("is refused for a token that is over, and for one that is none", async () => {
    const revoked = await tokenOf();
    await plane.useCases.revokeToken(ADMIN, revoked.id);
    const expired = await tokenOf(SPAN);
    clock.skip(SPAN * 1000);
    const rotate = async (id: string) => {
      const { status, body } = await plane.call("POST", `/v1/tokens/${id}/rotate`, {
        token: plane.tokens.admin,
      });
      return [status, body.code];
    };
    expect(await rotate(revoked.id)).toEqual([409, "token_ended"]);
    expect(await rotate(expired.id)).toEqual([409, "token_ended"]);
    expect(await rotate("nosuch")).toEqual([404, "token_not_found"]);
  });
});
