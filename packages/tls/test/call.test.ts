import { createServer } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { call } from "../src/index.ts";
import { identity, listener, webServer } from "./servers.ts";

const TOKEN = "a-token-that-nobody-else-may-see";
const headers = { authorization: `Bearer ${TOKEN}` };

test("the pinned key is trusted whatever its certificate says", async () => {
  const strange = await identity(["somewhere.example"], -1);
  await using server = await webServer(strange);
  const response = await call(server.url, { pin: strange.pin }, { method: "POST", headers, body: "{}" });
  expect([response.status, response.headers.get("x-method"), await response.text()]).toEqual([
    200,
    "POST",
    `Bearer ${TOKEN}`,
  ]);
});

test("somebody else's key is told nothing, not even by a certificate that an authority of ours signed", async () => {
  const [own, other] = await Promise.all([identity(), identity()]);
  await using middle = await listener(other);
  const refused = call(middle.url, { pin: own.pin, ca: other.cert }, { headers });
  await expect(refused).rejects.toMatchObject({ code: "TLS_PIN_MISMATCH" });
  await expect(refused).rejects.toThrow(`trusts the key ${own.pin} alone`);
  await expect(refused).rejects.toThrow(`has the key ${other.pin}`);
  await middle.left;
  expect(middle.heard()).toBe("");
});

test("without a pin an authority must have signed, the name must be right, and the time", async () => {
  const [own, other, elsewhere, old] = await Promise.all([
    identity(),
    identity(),
    identity(["elsewhere.example"]),
    identity(undefined, -1),
  ]);
  const ask = async (server: typeof own, ca?: string) => {
    await using middle = await listener(server);
    const code = await call(middle.url, { ca }, { headers, signal: AbortSignal.timeout(5000) }).catch(
      (error: unknown) => (error as { code: string }).code,
    );
    await middle.left;
    expect(middle.heard()).toBe("");
    return code;
  };
  expect(await ask(own)).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  expect(await ask(own, other.cert)).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  expect(await ask(elsewhere, elsewhere.cert)).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  expect(await ask(old, old.cert)).toBe("CERT_HAS_EXPIRED");
  await using server = await webServer(own);
  expect((await call(server.url, { ca: own.cert })).status).toBe(200);
});

test("a redirect is answered, not followed; no content is none; plain HTTP is plain HTTP", async () => {
  await using server = await webServer();
  expect((await call(`${server.url}/away`, {})).headers.get("location")).toBe("/");
  expect((await call(`${server.url}/nothing`, {})).body).toBeNull();
  expect(await (await call(server.url, {}, { headers })).text()).toBe(`Bearer ${TOKEN}`);
});

test.each(["/never", "/half"])("an abort ends %s with the signal's reason", async (path) => {
  const own = await identity();
  await using server = await webServer(own);
  const stop = new AbortController();
  const reason = new Error("enough");
  server.server.once("request", () => setImmediate(() => stop.abort(reason)));
  const text = call(`${server.url}${path}`, { pin: own.pin }, { signal: stop.signal }).then((response) =>
    response.text(),
  );
  await expect(text).rejects.toThrow("enough");
  await expect(call(server.url, {}, { signal: stop.signal })).rejects.toBe(reason);
});

test("an abort does not wait for a handshake that never comes", async () => {
  const stop = new AbortController();
  const sockets: { destroy(): unknown }[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket);
    stop.abort(new Error("enough"));
  });
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const asked = call(`https://127.0.0.1:${port}`, { pin: "x" }, { signal: stop.signal });
  await expect(asked).rejects.toThrow("enough");
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, "close");
});
