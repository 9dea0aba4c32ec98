import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { dirname } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { makePrivateKey, makeSelfSigned, pinOf } from "@tartfleet/tls";
import { expect, test } from "vitest";
import { addVm, documentOf, fleet } from "./support/fixture.ts";
import { run, scratch } from "./support/run.ts";
import { TOKENS } from "./support/stand-in.ts";

const CONFIG = "tartfleet/config.json";

async function withConfig(content: unknown, mode = 0o600) {
  const dir = await scratch();
  const file = dir.file(CONFIG);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  await chmod(file, mode);
  return { ...dir, file, env: { XDG_CONFIG_HOME: dir.path } };
}

async function listening(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

/** A port that was free a moment ago. */
async function freePort() {
  await using server = await listening(createTcpServer());
  return { port: server.port };
}

const AS_ADMIN = { TARTFLEET_TOKEN: TOKENS.admin };

test("the config file gives URL and token", async () => {
  await using cli = await fleet();
  await using config = await withConfig({ url: `${cli.standIn.url}/`, token: TOKENS.viewer });
  expect((await run(["host", "list"], { env: config.env })).code).toBe(0);
});

test("a config file that others may read is refused, with the command that mends it", async () => {
  await using cli = await fleet();
  for (const mode of [0o644, 0o640, 0o602]) {
    await using config = await withConfig({ url: cli.standIn.url, token: TOKENS.admin }, mode);
    const { code, stderr, stdout } = await run(["host", "list"], { env: config.env });
    expect(code).toBe(64);
    expect(stderr).toContain(`chmod 600 '${config.file}'`);
    expect(stdout + stderr).not.toContain(TOKENS.admin);
  }
  expect(cli.standIn.requests).toEqual([]);
});

test("a broken config file is refused without quoting it", async () => {
  await using config = await withConfig(`{"token": ${TOKENS.admin}}`);
  const { code, stderr } = await run(["host", "list"], { env: config.env });
  expect(code).toBe(64);
  expect(stderr).toContain("not a valid configuration");
  expect(stderr).not.toContain(TOKENS.admin);
});

test("flags win over variables, and these over the config file", async () => {
  await using cli = await fleet();
  await using config = await withConfig({ url: "http://127.0.0.1:1", token: "saved" });
  await writeFile(config.file.replace("config.json", "token"), `${TOKENS.ci}\n`);
  const tokenFile = config.file.replace("config.json", "token");
  const env = { ...config.env, TARTFLEET_URL: "http://127.0.0.1:1", TARTFLEET_TOKEN: "nonsense" };
  const used = () => cli.standIn.requests.at(-1)?.headers.authorization;

  expect((await run(["capacity", "--url", cli.standIn.url, "--token-file", tokenFile], { env })).code).toBe(
    0,
  );
  expect(used()).toBe(`Bearer ${TOKENS.ci}`);
  expect((await run(["--token", TOKENS.viewer, "capacity", "--url", cli.standIn.url], { env })).code).toBe(0);
  expect(used()).toBe(`Bearer ${TOKENS.viewer}`);
  const byFileVariable = { ...config.env, TARTFLEET_URL: cli.standIn.url, TARTFLEET_TOKEN_FILE: tokenFile };
  expect((await run(["capacity"], { env: byFileVariable })).code).toBe(0);
  expect(used()).toBe(`Bearer ${TOKENS.ci}`);
});

test("the saved token is never sent to another URL", async () => {
  await using cli = await fleet();
  await using config = await withConfig({ url: "http://127.0.0.1:1", token: TOKENS.admin });
  const { code, stderr } = await run(["capacity", "--url", cli.standIn.url], { env: config.env });
  expect(code).toBe(3);
  expect(stderr).toContain("the saved one is for http://127.0.0.1:1");
  expect(cli.standIn.requests).toEqual([]);
});

test("without a token nothing is asked", async () => {
  await using cli = await fleet();
  const { code, stderr } = await run(["capacity"], { env: { TARTFLEET_URL: cli.standIn.url } });
  expect(code).toBe(3);
  expect(stderr).toContain("tartfleet login");
  expect(cli.standIn.requests).toEqual([]);
});

test("a wrong token is refused with 3, one that may not do it too, and neither is shown", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  for (const [token, advice] of [
    ["tf_wrong_secret", "The token is unknown, expired or revoked"],
    [TOKENS.viewer, "Use a token whose role may do this"],
  ] as [string, string][]) {
    for (const more of [[], ["--json"]]) {
      const env = { TARTFLEET_URL: cli.standIn.url, TARTFLEET_TOKEN: token };
      const { code, stdout, stderr } = await run(["vm", "delete", id, ...more], { env });
      expect(code).toBe(3);
      expect(stderr).toContain(advice);
      expect(stdout + stderr).not.toContain(token);
    }
  }
});

test("a token with a line break inside is refused without quoting it", async () => {
  const { code, stderr } = await run(["capacity"], { env: { TARTFLEET_TOKEN: "tf_one\ntf_two" } });
  expect(code).toBe(64);
  expect(stderr).toContain("TARTFLEET_TOKEN is not a token");
  expect(stderr).not.toContain("tf_one");
});

test.for<[string, string]>([
  ["not a url", "is not an http(s) URL"],
  ["ftp://tartfleet.example.com", "is not an http(s) URL"],
  ["http://user:hidden@127.0.0.1", "must not hold a user"],
])("%s is no URL of a control plane", async ([url, message]) => {
  const { code, stderr } = await run(["capacity", "--url", url], { env: AS_ADMIN });
  expect(code).toBe(64);
  expect(stderr).toContain(`--url ${message}`);
  expect(stderr).not.toContain("hidden");
});

test("nobody listens there: 5", async () => {
  const { port } = await freePort();
  const result = await run(["capacity", "--url", `http://127.0.0.1:${port}`, "--json"], { env: AS_ADMIN });
  expect(result.code).toBe(5);
  expect(result.stderr).toContain(`Nothing listens at 127.0.0.1:${port}: the connection was refused`);
  expect(documentOf(result)).toMatchObject({ error: { code: "unreachable", exitCode: 5 } });
});

test("a web server that is no control plane: 5", async () => {
  const answers: [number, Record<string, string>, string, string][] = [
    [200, { "content-type": "text/html" }, "<html>hi</html>", "not one of a tartfleet control plane"],
    [200, { "content-type": "application/json" }, "{}", "not one of a tartfleet control plane"],
    [404, { "content-type": "text/html" }, "no such page", "not a tartfleet control plane"],
    [301, { location: "https://tartfleet.example.com/" }, "", "should the URL be that one?"],
    [502, { "content-type": "text/html" }, "bad gateway", "HTTP 502, but not from tartfleet"],
  ];
  const asked = answers.map(async ([status, headers, body, message]) => {
    await using server = await listening(
      createServer((_request, response) => response.writeHead(status, headers).end(body)),
    );
    const { code, stderr } = await run(["capacity", "--url", `http://127.0.0.1:${server.port}`], {
      env: AS_ADMIN,
    });
    expect([status, code]).toEqual([status, 5]);
    expect(stderr).toContain(message);
  });
  await Promise.all(asked);
});

test("https to a server without TLS, and a server that is no web server, are told", async () => {
  await using cli = await fleet();
  const https = await run(["capacity", "--url", cli.standIn.url.replace("http", "https")], { env: AS_ADMIN });
  expect(https.code).toBe(5);
  expect(https.stderr).toContain("does not speak TLS");
  await using server = await listening(
    createTcpServer((socket) => socket.resume().end("SSH-2.0-OpenSSH\r\n")),
  );
  const other = await run(["capacity", "--url", `http://127.0.0.1:${server.port}`], { env: AS_ADMIN });
  expect(other.code).toBe(5);
  expect(other.stderr).toContain("does not speak HTTP");
});

test("a token with a pin is sent to the holder of that key alone", async () => {
  await using cli = await fleet();
  const [key, otherKey] = await Promise.all([makePrivateKey(), makePrivateKey()]);
  const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
  let heard = "";
  await using server = await listening(
    createTlsServer({ key, cert }, (socket) => {
      socket.on("data", (part) => (heard += part.toString("latin1")));
      const behind = connect(cli.standIn.port, "127.0.0.1");
      socket
        .on("error", () => behind.destroy())
        .pipe(behind)
        .pipe(socket);
    }),
  );
  const token = `tartfleet_0123456789ab_${"s".repeat(43)}`;
  const url = `https://127.0.0.1:${server.port}`;
  const ask = (TARTFLEET_TOKEN: string, ...args: string[]) =>
    run(["capacity", "--url", url, ...args], { env: { TARTFLEET_TOKEN } });

  const wrong = await ask(`${token}.${pinOf(createPublicKey(otherKey))}`);
  expect(wrong.code).toBe(5);
  expect(wrong.stderr).toContain("is not trusted: the token trusts the key");
  const unpinned = await ask(token);
  expect(unpinned.code).toBe(5);
  expect(unpinned.stderr).toContain("carry a pin after a dot");
  const cut = await ask(`${token}.short`);
  expect(cut.code).toBe(64);
  expect(cut.stderr).toContain("token is damaged");
  expect(heard).toBe("");

  // The stand-in does not know the token: that it could say so shows that it was asked.
  const right = await ask(`${token}.${pinOf(createPublicKey(key))}`);
  expect(right.code).toBe(3);
  expect(heard).toContain("GET /v1/fleet/capacity");

  await using dir = await scratch();
  const caFile = dir.file("ca.pem");
  await writeFile(caFile, cert);
  expect((await ask(TOKENS.ci, "--ca-file", caFile)).code).toBe(0);
  const env = { XDG_CONFIG_HOME: dir.path };
  const login = await run(["login", "--url", url, "--ca-file", caFile], { env, input: TOKENS.ci });
  expect(login.code).toBe(0);
  expect((await run(["capacity"], { env })).code).toBe(0);
});

test("a token goes to another machine in plain text only when --insecure is typed", async () => {
  const url = "http://192.0.2.1:7337";
  const refused = await run(["capacity", "--url", url], { env: AS_ADMIN });
  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain("type --insecure");
  await using dir = await scratch();
  const env = { XDG_CONFIG_HOME: dir.path };
  const login = (...more: string[]) =>
    run(["login", "--url", url, "--no-check", ...more], { env, input: TOKENS.ci });
  expect((await login()).code).toBe(64);
  expect((await login("--insecure")).code).toBe(0);
  expect(JSON.parse(await readFile(dir.file(CONFIG), "utf8"))).toMatchObject({ url, insecure: true });
});

test("a URL that is one level too deep is told", async () => {
  await using cli = await fleet();
  const { code, stderr } = await run(["capacity", "--url", `${cli.standIn.url}/v1`], { env: AS_ADMIN });
  expect(code).toBe(5);
  expect(stderr).toContain("without /v1");
});

test("a control plane behind a path is reached", async () => {
  await using cli = await fleet({ prefix: "/tartfleet" });
  expect((await cli.tartfleet("capacity")).code).toBe(0);
});

test("login keeps URL and token in a file for its owner alone", async () => {
  await using cli = await fleet();
  await using dir = await scratch();
  const env = { HOME: dir.path };
  const login = await run(["login", "--url", `${cli.standIn.url}/`], { env, input: `${TOKENS.ci}\n` });
  expect(login.code).toBe(0);
  expect(login.stdout + login.stderr).not.toContain(TOKENS.ci);
  const file = dir.file(`.config/${CONFIG}`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ url: cli.standIn.url, token: TOKENS.ci });
  expect((await run(["host", "list"], { env })).code).toBe(0);
});

test("a JSON Web Token from the environment is sent like any other, however long it is", async () => {
  await using cli = await fleet();
  const jwt = `eyJhbGciOiJSUzI1NiJ9.${"a".repeat(7000)}.${"b".repeat(700)}`;
  const env = { TARTFLEET_URL: cli.standIn.url, TARTFLEET_TOKEN: jwt };
  const { code } = await run(["capacity"], { env });
  expect(code).toBe(3);
  expect(cli.standIn.requests[0]?.headers.authorization).toBe(`Bearer ${jwt}`);
});

test("login replaces a file that others could read", async () => {
  await using cli = await fleet();
  await using config = await withConfig({ token: "old" }, 0o644);
  const { code } = await run(["login", "--url", cli.standIn.url], { env: config.env, input: TOKENS.ci });
  expect(code).toBe(0);
  expect((await stat(config.file)).mode & 0o777).toBe(0o600);
});

test("login keeps nothing that is wrong", async () => {
  await using cli = await fleet();
  await using dir = await scratch();
  const env = { XDG_CONFIG_HOME: dir.path };
  const login = (url: string, input: string, ...more: string[]) =>
    run(["login", "--url", url, ...more], { env, input });
  expect((await login(cli.standIn.url, "tf_wrong")).code).toBe(3);
  expect((await login("http://127.0.0.1:1", TOKENS.ci)).code).toBe(5);
  expect((await login(cli.standIn.url, "")).code).toBe(64);
  await expect(stat(dir.file(CONFIG))).rejects.toThrow("ENOENT");
  expect((await login("http://127.0.0.1:1", TOKENS.ci, "--no-check")).code).toBe(0);
  const enrolment = await login(cli.standIn.url, TOKENS["host-enrolment"]);
  expect(enrolment.code).toBe(0);
  expect(enrolment.stderr).toContain("may not read the fleet");
});
