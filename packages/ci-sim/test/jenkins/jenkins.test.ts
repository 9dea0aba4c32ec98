import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { makeSimJenkins, serveSimJenkins, type SimJenkins } from "../../src/jenkins/index.ts";

const FORM = {
  numExecutors: "1",
  remoteFS: "jenkins",
  mode: "EXCLUSIVE",
  launcher: { "stapler-class": "hudson.slaves.JNLPLauncher" },
  retentionStrategy: { "stapler-class": "hudson.slaves.RetentionStrategy$Always" },
};
const CREATE = "computer/doCreateItem?name=mac&type=hudson.slaves.DumbSlave";

const basic = (name: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`,
});

async function ask(
  jenkins: SimJenkins,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  form?: unknown,
) {
  const body = form === undefined ? {} : { body: new URLSearchParams({ json: JSON.stringify(form) }) };
  return jenkins.handle(new Request(new URL(path, jenkins.url), { method, headers, ...body }));
}

function controller() {
  let now = 0;
  const jenkins = makeSimJenkins({ now: () => now });
  const { name, apiToken, password } = jenkins.access.addUser(
    "ci",
    "Overall/Read",
    "Agent/Create",
    "Agent/Connect",
    "Agent/Delete",
  );
  const as = basic(name, apiToken);
  return {
    jenkins,
    as,
    withPassword: basic(name, password),
    pass: (minutes: number) => (now += minutes * 60_000),
  };
}

test("a node is made once, tells its secret, and is removed once", async () => {
  const { jenkins, as } = controller();
  expect((await ask(jenkins, "POST", CREATE, as, FORM)).status).toBe(302);
  const again = await ask(jenkins, "POST", CREATE, as, FORM);
  expect([again.status, await again.text()]).toEqual([400, "Agent called ‘mac’ already exists"]);
  const jnlp = await (await ask(jenkins, "GET", "computer/mac/jenkins-agent.jnlp", as)).text();
  expect(jnlp).toContain(`<argument>${jenkins.nodes.secretOf("mac")}</argument>`);
  expect((await ask(jenkins, "GET", "computer/mac/doDelete", as)).status).toBe(405);
  expect((await ask(jenkins, "POST", "computer/mac/doDelete", as)).status).toBe(302);
  expect((await ask(jenkins, "POST", "computer/mac/doDelete", as)).status).toBe(404);
});

test.each([
  ["a name that is unsafe", CREATE.replace("mac", "a%2Fb"), FORM, 400],
  ["no name", CREATE.replace("name=mac&", ""), FORM, 400],
  ["another kind of node", CREATE.replace("Dumb", "Odd"), FORM, 500],
  ["a launcher that is not the inbound agents'", CREATE, { ...FORM, launcher: {} }, 500],
  ["no form", CREATE, null, 500],
])("refuses %s", async (_, path, form, status) => {
  const { jenkins, as } = controller();
  expect((await ask(jenkins, "POST", path, as, form)).status).toBe(status);
  expect(jenkins.nodes.all()).toEqual([]);
});

test("who has a password needs a crumb of the same session; who has a token does not", async () => {
  const { jenkins, withPassword } = controller();
  expect((await ask(jenkins, "POST", CREATE, withPassword, FORM)).status).toBe(403);
  const issued = await ask(jenkins, "GET", "crumbIssuer/api/json", withPassword);
  const { crumb }: { crumb: string } = JSON.parse(await issued.text());
  const [cookie = ""] = (issued.headers.get("set-cookie") ?? "").split(";");
  const crumbed = { ...withPassword, "Jenkins-Crumb": crumb };
  expect((await ask(jenkins, "POST", CREATE, crumbed, FORM)).status).toBe(403);
  expect((await ask(jenkins, "POST", CREATE, { ...crumbed, cookie }, FORM)).status).toBe(302);
});

test("each permission is needed, and a wrong token is nobody's", async () => {
  const { jenkins, as } = controller();
  await ask(jenkins, "POST", CREATE, as, FORM);
  const { name, apiToken } = jenkins.access.addUser("reader", "Overall/Read");
  const reader = basic(name, apiToken);
  for (const [method, path] of [
    ["POST", CREATE],
    ["GET", "computer/mac/jenkins-agent.jnlp"],
    ["POST", "computer/mac/doDelete"],
  ] as const)
    expect((await ask(jenkins, method, path, reader)).status).toBe(403);
  expect((await ask(jenkins, "GET", "computer/mac/api/json", reader)).status).toBe(200);
  expect((await ask(jenkins, "GET", "computer/mac/api/json")).status).toBe(403);
  expect((await ask(jenkins, "GET", "computer/mac/api/json", basic("ci", "no"))).status).toBe(401);
});

test("an agent connects with its node's name and secret, once, and gives its build up when it is away too long", async () => {
  const { jenkins, as, pass } = controller();
  await ask(jenkins, "POST", CREATE, as, FORM);
  const told: string[] = [];
  const peer = {
    run: (_: number, script: string) => void told.push(script),
    closed: () => void told.push("-"),
  };
  const headers = (changes: Record<string, string> = {}) =>
    new Headers({
      "node-name": "mac",
      "secret-key": jenkins.nodes.secretOf("mac"),
      "x-remoting-capability": "x",
      ...changes,
    });
  expect(() => jenkins.connect(new Headers({ "node-name": "mac" }), peer)).toThrow(
    /only for use from agent.jar/,
  );
  expect(() => jenkins.connect(headers({ "node-name": "other" }), peer)).toThrow("no such agent");
  expect(() => jenkins.connect(headers({ "secret-key": "wrong" }), peer)).toThrow("Forbidden");
  const build = jenkins.queue("mac", "make");
  const { channel, begin } = jenkins.connect(headers(), peer);
  begin();
  expect(told).toEqual(["make"]);
  expect(() => jenkins.connect(headers(), peer)).toThrow(/already connected/);
  channel.close();
  jenkins.dispatch();
  pass(4);
  jenkins.dispatch();
  expect(build.state).toBe("running");
  pass(1);
  jenkins.dispatch();
  expect(build).toMatchObject({ result: "ABORTED", starts: 1 });
});

test("on a port: a WebSocket carries a build and its end, and is closed with its node", async () => {
  const { jenkins, as } = controller();
  await using served = await serveSimJenkins(jenkins);
  await ask(jenkins, "POST", CREATE, as, FORM);
  expect((await fetch(new URL("login", served.url))).status).toBe(200);
  const open = (secret: string) =>
    new WebSocket(`${served.url.replace("http", "ws")}wsagents/`, {
      headers: { "Node-Name": "mac", "Secret-Key": secret, "X-Remoting-Capability": "x" },
    });
  const refused = open("wrong");
  expect(await new Promise((done) => refused.once("error", ({ message }) => done(message)))).toContain("403");
  const socket = open(jenkins.nodes.secretOf("mac"));
  await new Promise((done) => socket.once("open", done));
  const build = jenkins.queue("mac", "make");
  const message = await new Promise((done) =>
    socket.once("message", (data: Buffer) => done(data.toString())),
  );
  expect(message).toBe(JSON.stringify({ build: build.id, script: "make" }));
  socket.send(JSON.stringify({ finished: build.id, exitCode: 2 }));
  await expect.poll(() => build).toMatchObject({ state: "done", result: "FAILURE" });
  const closed = new Promise((done) => socket.once("close", (code) => done(code)));
  await ask(jenkins, "POST", "computer/mac/doDelete", as);
  expect(await closed).toBe(1001);
});
