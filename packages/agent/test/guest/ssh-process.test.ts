import { text } from "node:stream/consumers";
import { Secret, type TunnelFailure } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GuestProcess } from "../../src/guest/guest-process.ts";
import { attachBySsh } from "../../src/guest/ssh-process.ts";
import type { Result } from "../../src/tart/result.ts";
import { makeSshServer, type SshServer } from "./ssh-server.ts";
import { until } from "../support/until.ts";

let sshd: SshServer;
beforeEach(async () => {
  sshd = await makeSshServer();
});
afterEach(async () => {
  await sshd[Symbol.asyncDispose]();
});

const attach = (
  argv: string[],
  { password = "admin", signal = new AbortController().signal, terminal = false } = {},
) =>
  attachBySsh(
    "127.0.0.1",
    { username: "admin", password: new Secret(password), port: sshd.port },
    { argv, signal, ...(terminal ? { terminal: { term: "vt100", columns: 132, rows: 43 } } : {}) },
  );

function value(result: Result<GuestProcess, TunnelFailure>): GuestProcess {
  if (result.ok) return result.value;
  throw new Error(result.failure.message);
}

describe("a command in a guest by ssh, with its streams open", () => {
  it("gets every word as it is, its input, and says its exit code", async () => {
    const words = ["a b", "$HOME", "'", "%", "-n"];
    const guest = value(
      await attach(["/bin/sh", "-c", 'printf "%s|" "$@"; cat; echo e >&2; exit 7', "sh", ...words]),
    );
    guest.stdin.end("said");
    expect(await Promise.all([text(guest.stdout), text(guest.stderr), guest.ended])).toEqual([
      `${words.join("|")}|said`,
      "e\n",
      { ok: true, value: 7 },
    ]);
  });

  it("has a terminal of the size that is wanted, and then of another", async () => {
    const guest = value(await attach(["cat"], { terminal: true }));
    guest.resize?.({ columns: 90, rows: 30 });
    await until("the new size", () => sshd.terminals.length === 2);
    expect(sshd.terminals).toEqual([
      { term: "vt100", columns: 132, rows: 43 },
      { columns: 90, rows: 30 },
    ]);
    guest.stdout.resume();
    guest.stderr.resume();
    guest.stdin.end();
    expect(await guest.ended).toEqual({ ok: true, value: 0 });
  });

  it("says that the login was refused, or that nobody answers", async () => {
    expect(await attach(["true"], { password: "wrong" })).toMatchObject({
      ok: false,
      failure: { code: "guest_refused" },
    });
    const { port } = sshd;
    await sshd[Symbol.asyncDispose]();
    sshd = await makeSshServer();
    const login = { username: "admin", port };
    const signal = new AbortController().signal;
    expect(await attachBySsh("127.0.0.1", login, { argv: ["true"], signal })).toMatchObject({
      failure: { code: "guest_unreachable" },
    });
  });

  it("loses its connection when it is wanted no more", async () => {
    const stop = new AbortController();
    value(await attach(["sleep", "300"], { signal: stop.signal }));
    expect(sshd.connections.size).toBe(1);
    stop.abort();
    await until("no connection", () => sshd.connections.size === 0);
  });
});
