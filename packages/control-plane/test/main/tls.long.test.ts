import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { parseToken } from "@tartfleet/shared";
import { call, type Trust } from "@tartfleet/tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identity } from "../helpers/identity.ts";
import { until } from "../helpers/plane.ts";
import { run, tempFolder, type Program } from "../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
const programs: Program[] = [];
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill("SIGKILL");
    await program.exited;
  }
  folder.remove();
});

function start(...args: string[]): Program {
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", folder.path, ...args]);
  programs.push(program);
  return program;
}

const withFiles = () => [
  "--tls-certificate",
  join(folder.path, "chain.pem"),
  "--tls-key",
  join(folder.path, "server-key.pem"),
];

const adminToken = () => readFileSync(join(folder.path, "admin-token"), "utf8").trim();

async function statusOf(url: string, token: string, trust: Trust): Promise<number> {
  return (await call(`${url}/v1/hosts`, trust, { headers: { authorization: `Bearer ${token}` } })).status;
}

test("its own certificate is kept, and every token carries the pin of its key", async () => {
  const first = start("--tls-self-signed");
  const { url, publicUrl, pin, tls } = await first.listening();
  expect([publicUrl, tls]).toEqual([url, "self-signed"]);
  const token = adminToken();
  const parsed = parseToken(token);
  expect(parsed?.pin).toBe(pin);
  const trust = { pin: parsed?.pin };
  const [bare = ""] = token.split(".");
  for (const each of [token, bare, `${bare}.${"A".repeat(43)}`]) {
    expect(await statusOf(String(url), each, trust)).toBe(200);
  }
  expect(await statusOf(String(url), `${bare}.short`, trust)).toBe(401);

  const post = async (path: string, bearer: string, body: object) => {
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    return (
      await call(`${String(url)}${path}`, trust, { method: "POST", headers, body: JSON.stringify(body) })
    ).json();
  };
  const enrolment = (await post("/v1/tokens", token, { role: "host-enrolment", name: "macs" })) as {
    token: string;
  };
  const host = await post("/v1/hosts", enrolment.token, { name: "mac-1", machineId: "machine-0001" });
  const handedOut = [enrolment.token, (host as { credential: string }).credential];
  expect(handedOut.map((each) => parseToken(each)?.pin)).toEqual([pin, pin]);

  first.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  const second = await start("--tls-self-signed", "--public-url", "https://fleet.example.com").listening();
  expect(second["pin"]).toBe(pin);
  expect(await statusOf(String(second["url"]), token, trust)).toBe(200);
  const certificate = new X509Certificate(readFileSync(join(folder.path, "tls/certificate.pem")));
  expect(certificate.checkHost("fleet.example.com")).toBe("fleet.example.com");
});

test("a control plane that has IPv6 alone is reached", async () => {
  const { url, pin } = await start("--listen", "[::1]:0", "--tls-self-signed").listening();
  expect(url).toMatch(/^https:\/\/\[::1\]:\d+$/);
  expect(await statusOf(String(url), adminToken(), { pin: String(pin) })).toBe(200);
  const ca = readFileSync(join(folder.path, "tls/certificate.pem"), "utf8");
  expect(await statusOf(String(url), adminToken(), { ca })).toBe(200);
});

test("a first admin token from before TLS says whom to trust from then on", async () => {
  const plain = start();
  await plain.listening();
  const before = adminToken();
  plain.kill("SIGTERM");
  await plain.exited;
  const { pin } = await start("--tls-self-signed").listening();
  expect(adminToken()).toBe(`${before}.${String(pin)}`);
});

test("another certificate is served to new connections after SIGHUP, and old ones stay", async () => {
  const [first, second] = await Promise.all([identity(), identity()]);
  const cert = join(folder.path, "chain.pem");
  const key = join(folder.path, "server-key.pem");
  const write = (own: typeof first) => {
    writeFileSync(cert, own.cert);
    writeFileSync(key, own.key);
  };
  write(first);
  const program = start("--tls-certificate", cert, "--tls-key", key);
  const { url, pin, tls } = await program.listening();
  expect([pin, tls, adminToken().includes(".")]).toEqual([undefined, "files", false]);

  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert });
  const overOld = async () => {
    const asked = request(`${String(url)}/healthz`, { agent }).end();
    const [response] = await once(asked, "response");
    response.resume();
    await once(response, "end");
    return { status: response.statusCode, again: asked.reusedSocket };
  };
  expect(await overOld()).toEqual({ status: 200, again: false });

  const said = (text: string) => until(() => program.lines().some(({ msg }) => msg === text));
  writeFileSync(key, second.key);
  program.kill("SIGHUP");
  await said("the new certificate cannot be used; the old one is kept");
  expect((await call(`${String(url)}/healthz`, { ca: first.cert })).status).toBe(200);

  write(second);
  program.kill("SIGHUP");
  await said("another certificate is in use for new connections");
  expect((await call(`${String(url)}/healthz`, { ca: second.cert })).status).toBe(200);
  await expect(call(`${String(url)}/healthz`, { ca: first.cert })).rejects.toThrow("self-signed");
  expect(await overOld()).toEqual({ status: 200, again: true });
  agent.destroy();
});

test("a certificate that ends within two weeks is warned of at the start", async () => {
  const own = await identity(10);
  writeFileSync(join(folder.path, "chain.pem"), own.cert);
  writeFileSync(join(folder.path, "server-key.pem"), own.key);
  const program = start(...withFiles());
  await program.listening();
  expect(program.lines()).toContainEqual(
    expect.objectContaining({ level: "warn", msg: expect.stringContaining("expires in 9 days") }),
  );
});

test("a connection that is cut in the middle of a record, or sends what is none, harms nobody", async () => {
  const { url } = await start("--tls-self-signed").listening();
  const token = adminToken();
  const port = Number(new URL(String(url)).port);
  /** Lets so many bytes of the client's pass, and then others. */
  const cutAfter = async (bytes: number, then: Buffer) => {
    const wire = connectTcp(port, "127.0.0.1");
    let left = bytes;
    const lossy = new Duplex({
      read: () => {},
      write(part: Buffer, _encoding, done) {
        if (left <= 0) return done();
        wire.write(part.subarray(0, left));
        left -= part.length;
        if (left <= 0) wire.end(then);
        done();
      },
    });
    wire.on("data", (part) => lossy.push(part)).on("error", () => {});
    const socket = connect({ socket: lossy, rejectUnauthorized: false }).on("error", () => {});
    socket.write(`GET /v1/hosts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
    await once(wire, "close");
    socket.destroy();
  };
  // In the greeting, in the handshake, in the request.
  for (const bytes of [20, 400, 600]) {
    await cutAfter(bytes, Buffer.alloc(0));
    await cutAfter(bytes, Buffer.from([23, 3, 3, 0, 16, ...Array<number>(16).fill(7)]));
  }
  await cutAfter(1, Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  expect(await statusOf(String(url), token, { pin: parseToken(token)?.pin })).toBe(200);
});

test("files that make no certificate are refused with what to do", async () => {
  const [own, other] = await Promise.all([identity(), identity()]);
  writeFileSync(join(folder.path, "chain.pem"), own.cert);
  writeFileSync(join(folder.path, "server-key.pem"), other.key);
  const program = start(...withFiles());
  expect(await program.exited).toBe(78);
  expect(program.stderr()).toMatch(/^tartfleet-control-plane: .*is not the key of the certificate.*\n$/);
});
