import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { text } from "node:stream/consumers";
import { tmpdir } from "node:os";
import path from "node:path";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "./guest-fixture.ts";

const shim = path.resolve(import.meta.dirname, "../../src/guest/curl/main.ts");
const realCurl = "/usr/bin/curl";

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function runProgram(program: string, argv: string[], stdin: string): Promise<Run> {
  const child = spawn(program, argv, { stdio: "pipe" });
  const [stdout, stderr] = [collect(), collect()];
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  child.stdin.on("error", () => {}).end(stdin);
  const [code]: (number | null)[] = await once(child, "close");
  return { code: code ?? null, stdout: stdout.text(), stderr: stderr.text() };
}

describe("the stand-in for curl", () => {
  let server: Server;
  let url = "";
  let secure: Server;
  let secureUrl = "";
  let dir = "";
  const requests: { method?: string; url?: string; headers: Record<string, unknown>; body: string }[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "tart-sim-curl-"));
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const { "user-agent": _agent, host: _host, connection: _connection, ...headers } = request.headers;
        const { method = "", url: asked = "" } = request;
        requests.push({ method, url: asked, headers, body });
        if (asked === "/never") return;
        if (asked === "/away") response.setHeader("location", "/200");
        const status = asked === "/away" ? 302 : Number(/\d+/.exec(asked)?.[0] ?? 200);
        response.writeHead(status).end(status === 204 ? undefined : "the body\n");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address !== "string") url = `http://127.0.0.1:${address.port}`;
    const key = await makePrivateKey();
    const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
    await writeFile(path.join(dir, "ca.pem"), cert);
    secure = createTlsServer({ key, cert }, (_request, response) => void response.end("secret"));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    const secureAddress = secure.address();
    if (secureAddress !== null && typeof secureAddress !== "string")
      secureUrl = `https://127.0.0.1:${secureAddress.port}/`;
    await writeFile(path.join(dir, "headers"), "X-From: file\nX-Two: 2\n");
    await writeFile(path.join(dir, "data"), "line one\nline two\n");
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    secure.close();
    await rm(dir, { recursive: true });
  });

  const cases: [string, (base: string) => string[], string?][] = [
    ["a plain GET", (base) => [`${base}/200`]],
    ["the status alone", (base) => ["-sS", "-o", "/dev/null", "-w", "%{http_code}\\n", `${base}/404`]],
    ["-f", (base) => ["-sSf", `${base}/500`]],
    ["-f in silence", (base) => ["-sf", "-o/dev/null", "-w", "%{http_code}", `${base}/410`]],
    [
      "DELETE with a config from stdin",
      (base) => ["-sS", "-K", "-", "-X", "DELETE", `${base}/204`],
      'header = "Authorization: Bearer s3cret \\"x\\""\n# a comment\n',
    ],
    ["a header from stdin", (base) => ["-s", "-H", "@-", `${base}/200`], "Authorization: Bearer t\n"],
    ["headers from a file", (base) => ["-s", "-H", `@${dir}/headers`, "-H", "Accept:", `${base}/200`]],
    [
      "JSON",
      (base) => ["-s", "-X", "POST", "-H", "Content-Type: application/json", "-d", '{"a":1}', `${base}/201`],
    ],
    [
      "data of several kinds",
      (base) => [
        "-s",
        "-d",
        `@${dir}/data`,
        "--data-raw",
        "@b",
        "--data-urlencode",
        "c=a b&é(!)",
        `${base}/200`,
      ],
    ],
    ["binary data", (base) => ["-s", "--data-binary", `@${dir}/data`, `${base}/200`]],
    [
      "-G",
      (base) => [
        "-s",
        "-X",
        "DELETE",
        "-G",
        "--data-urlencode",
        "phase=job_hook",
        "--data-urlencode",
        "ip=192.168.64.2",
        "-d",
        "x=1",
        `${base}/200?a=b`,
      ],
    ],
    ["-L", (base) => ["-sL", `${base}/away`]],
    ["no -L", (base) => ["-s", "-w", "%{http_code}", `${base}/away`]],
    ["nobody there", () => ["-s", "-w", "%{http_code}", "--connect-timeout", "3", "http://127.0.0.1:1/"]],
    ["an answer that never comes", (base) => ["-s", "-m", "0.2", "-w", "%{http_code}", `${base}/never`]],
    ["TLS with its certificate", () => ["-s", "--cacert", `${dir}/ca.pem`, secureUrl]],
    ["TLS without it", () => ["-sS", "-w", "%{http_code}", secureUrl]],
    ["TLS unverified", () => ["-sk", secureUrl]],
    ["a certificate that is not there", () => ["-sS", "--cacert", `${dir}/none.pem`, secureUrl]],
    ["an unknown option", (base) => ["--no-such-option", `${base}/200`]],
  ];

  test.skipIf(!existsSync(realCurl)).each(cases)(
    "does what curl does: %s",
    async (what, argvFor, stdin = "") => {
      const before = requests.length;
      const expected = await runProgram(realCurl, argvFor(url), stdin);
      const expectedRequests = requests.slice(before);
      const between = requests.length;
      const actual = await runProgram(process.execPath, [shim, ...argvFor(url)], stdin);
      expect({ code: actual.code, stdout: actual.stdout }).toEqual({
        code: expected.code,
        stdout: expected.stdout,
      });
      expect(requests.slice(between)).toEqual(expectedRequests);
      expect(actual.stderr === "").toBe(expected.stderr === "" || what === "a plain GET");
    },
  );

  test("says what went wrong in curl's form", async () => {
    expect((await runProgram(process.execPath, [shim, "-sSf", `${url}/404`], "")).stderr).toBe(
      "curl: (22) The requested URL returned error: 404\n",
    );
    // Older releases go on without the file; a script should not get used to that.
    expect(await runProgram(process.execPath, [shim, "-H", "@/no/such/file", `${url}/200`], "")).toEqual({
      code: 26,
      stdout: "",
      stderr: "curl: (26) Failed to open /no/such/file\n",
    });
  });
});
