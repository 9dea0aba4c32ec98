import {
  aBootstrap,
  aGarm,
  CONTROLLER,
  INSTANCE_TOKEN,
  instanceIn,
  namesIn,
  POOL,
} from "@tartfleet/ci-sim/garm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callProvider } from "../src/call.ts";
import { startPlane, TOKEN } from "./support/plane.ts";

const ALLOWS = {
  images: ["ghcr.io/org/*", "channel:*"],
  flavors: { default: {}, large: { cpu: 8, memoryMiB: 16_384 } },
};

const NAME = aBootstrap().name;
const IMAGE = aBootstrap().image;

let plane: Awaited<ReturnType<typeof startPlane>>;
let garm: ReturnType<typeof aGarm>;

beforeEach(async () => {
  plane = await startPlane();
  garm = aGarm({
    provider: callProvider,
    token: TOKEN,
    config: { url: plane.url, ...ALLOWS, hostLabels: { xcode: "16" }, queueSeconds: 900 },
  });
});

afterEach(async () => {
  garm[Symbol.dispose]();
  await plane[Symbol.asyncDispose]();
});

const isEnded = (id: string) => plane.find(id).record.end !== null;

describe("an instance's life", () => {
  test("it is a VM as the pool and the config say, found by its id and its name until it is deleted", async () => {
    const said = await garm.create(
      aBootstrap({ extra_specs: { hostLabels: { rack: "b4" }, ttlSeconds: 7200 } }),
    );
    const { provider_id: id, ...instance } = instanceIn(said);
    expect(instance).toEqual({
      name: NAME,
      os_type: "unknown",
      os_name: "macos",
      os_arch: "arm64",
      status: "running",
    });
    const { body, key } = plane.find(id);
    expect(key).toBe(`garm:${CONTROLLER}:${NAME}:1`);
    expect(body).toMatchObject({
      image: IMAGE,
      jobId: NAME,
      labels: { "garm.controller": CONTROLLER, "garm.pool": POOL },
      hostLabels: { xcode: "16", rack: "b4" },
      cpu: 8,
      memoryMiB: 16_384,
      queueTimeoutSeconds: 900,
      ttlSeconds: 7200,
      runner: { kind: "script", shell: "/bin/bash" },
    });
    plane.find(id).record.ip = "192.168.64.7";
    expect(instanceIn(await garm.get(id))).toMatchObject({
      status: "running",
      addresses: [{ address: "192.168.64.7", type: "private" }],
    });
    expect(instanceIn(await garm.get(NAME)).provider_id).toBe(id);
    expect(namesIn(await garm.list(POOL))).toEqual([NAME]);

    expect(await garm.delete(id)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(isEnded(id)).toBe(true);
    expect((await garm.delete(id)).exitCode).toBe(0);
    expect(namesIn(await garm.list(POOL))).toEqual([]);
    expect(instanceIn(await garm.get(id)).status).toBe("stopped");
  });

  test("its token is in the script that is sealed, and nowhere else", async () => {
    const said = await garm.create(aBootstrap());
    const [vm] = plane.kept;
    const { runner, ...rest } = JSON.parse(vm?.text ?? "");
    expect(runner.script).toContain("$ecret.jwt");
    expect(JSON.stringify([said, rest, vm?.key, vm?.record])).not.toContain("$ecret.jwt");
  });

  test("garm's same words find the same VM", async () => {
    const first = instanceIn(await garm.create(aBootstrap()));
    expect(instanceIn(await garm.create(aBootstrap()))).toEqual(first);
    expect(plane.kept).toHaveLength(1);
  });

  test("garm's next attempt, with a token of its own, gets a VM of its own, and the old one ends", async () => {
    const old = instanceIn(await garm.create(aBootstrap())).provider_id;
    const next = instanceIn(await garm.create(aBootstrap({ "instance-token": "next" }))).provider_id;
    expect([isEnded(old), isEnded(next)]).toEqual([true, false]);
    // Deleted by its name, as when no id came back; both are still on their way out.
    expect((await garm.delete(NAME)).exitCode).toBe(0);
    const third = instanceIn(await garm.create(aBootstrap({ "instance-token": "third" }))).provider_id;
    expect([isEnded(next), isEnded(third)]).toEqual([true, false]);
    expect(plane.kept).toHaveLength(3);
  });

  test("one that failed is an error with its reason", async () => {
    const { provider_id: id } = instanceIn(await garm.create(aBootstrap()));
    const { record } = plane.find(id);
    record.state = "failed";
    record.end = { reason: "start_failed", message: "It could not be brought up.", error: null };
    const { status, provider_fault } = instanceIn(await garm.get(id));
    expect([status, Buffer.from(provider_fault ?? "", "base64").toString()]).toEqual([
      "error",
      "It could not be brought up.",
    ]);
  });

  test("start is for one that lives, and stop for none", async () => {
    const { provider_id: id } = instanceIn(await garm.create(aBootstrap()));
    const of = { GARM_INSTANCE_ID: id };
    expect(await garm.call("StartInstance", of)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const stopped = await garm.call("StopInstance", of);
    expect([stopped.exitCode, stopped.stderr]).toEqual([1, expect.stringContaining("Delete the instance")]);
    await garm.delete(id);
    expect((await garm.call("StartInstance", of)).exitCode).toBe(1);
  });
});

describe("whose VMs they are", () => {
  const aVm = (controller: string, pool: string, jobId: string) =>
    plane.create(
      { image: IMAGE, jobId, labels: { "garm.controller": controller, "garm.pool": pool } },
      `${controller}${pool}${jobId}`,
    ).id;

  test("lists have one pool's, and removal of all ends one garm's, over all pages", async () => {
    const theirs = [aVm("another", POOL, "x"), plane.create({ image: IMAGE, jobId: NAME }, "nobody's").id];
    const ours = ["a", "b", "c", "d"].map((name) => aVm(CONTROLLER, POOL, name));
    ours.push(aVm(CONTROLLER, "another-pool", "e"));
    expect(namesIn(await garm.list(POOL))).toEqual(["d", "c", "b", "a"]);
    expect(await garm.call("RemoveAllInstances")).toMatchObject({ exitCode: 0, stdout: "" });
    expect([...ours.map(isEnded), ...theirs.map(isEnded)]).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test("those of others are not there, neither by id nor by name", async () => {
    const theirs = aVm("another", POOL, "garm-theirs");
    expect(await garm.get("0123456789abcdef")).toMatchObject({ exitCode: 30, stdout: "" });
    for (const instance of [theirs, "garm-theirs"]) {
      expect(await garm.delete(instance)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    }
    expect(isEnded(theirs)).toBe(false);
  });

  test("a scale set is a pool, whatever its name", async () => {
    const pool = "my macs, 15-0a1b";
    instanceIn(await garm.create(aBootstrap({ pool_id: pool })));
    expect(namesIn(await garm.list(pool))).toEqual([NAME]);
  });
});

describe("what cannot be", () => {
  test.each([
    ["an image that is not allowed", { image: "docker.io/ruby" }, "It has ghcr.io/org/*, channel:*."],
    ["a flavor that is not there", { flavor: "constructor" }, "It has default, large."],
    ["an extra spec that means nothing", { extra_specs: { pre_install_scripts: {} } }, "pre_install_scripts"],
    ["no token", { "instance-token": "" }, "instance-token"],
  ])("%s is refused with a sentence, and nothing is made", async (_what, parts, words) => {
    const said = await garm.create(aBootstrap(parts));
    expect(said).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining(words) });
    expect(said.stderr).not.toContain(INSTANCE_TOKEN);
    expect(plane.kept).toEqual([]);
  });

  test("what the control plane refuses is said in its words", async () => {
    plane.refuse("unschedulable", "No host has 64 cores.");
    expect(await garm.create(aBootstrap())).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "No host has 64 cores. (unschedulable)\n",
    });
  });

  test("stdin that is no JSON is not shown", async () => {
    const said = await garm.call("CreateInstance", { GARM_POOL_ID: POOL }, INSTANCE_TOKEN);
    expect(said).toMatchObject({ exitCode: 1, stderr: "What garm sent on stdin is not JSON\n" });
  });

  test("every mistake of the config is said at once", async () => {
    using wrong = aGarm({
      provider: callProvider,
      token: TOKEN,
      config: { ...ALLOWS, url: "fleet", tokenFile: "token", images: [], colour: "red" },
    });
    const { exitCode, stderr } = await wrong.list(POOL);
    expect(exitCode).toBe(1);
    for (const word of ["url", "tokenFile", "images", "colour"]) expect(stderr).toContain(word);
  });

  test.each([
    [{ GARM_COMMAND: "Stop" }, "GARM_COMMAND must be one of CreateInstance"],
    [{ GARM_INTERFACE_VERSION: "v9" }, "this provider speaks"],
    [{ GARM_PROVIDER_CONFIG_FILE: "/nowhere" }, "/nowhere cannot be read"],
    [{ GARM_POOL_ID: "" }, "GARM_POOL_ID is not set"],
  ])("a call with %j is none of garm's", async (env, words) => {
    const said = await garm.call("ListInstances", { GARM_POOL_ID: POOL, ...env });
    expect([said.exitCode, said.stderr]).toEqual([1, expect.stringContaining(words)]);
  });
});

test("the interface v0.1.1 asks for versions, schemas and a judgement of the pool", async () => {
  using newer = aGarm({
    provider: callProvider,
    token: TOKEN,
    config: { url: plane.url, ...ALLOWS },
    version: "v0.1.1",
  });
  const said = async (command: string, env = {}) => {
    const { exitCode, stdout, stderr } = await newer.call(command, env);
    return [exitCode, stdout || stderr];
  };
  expect(await said("GetVersion")).toEqual([0, "v0.1.0"]);
  expect(await said("GetSupportedInterfaceVersions")).toEqual([0, '["v0.1.0","v0.1.1"]']);
  expect(await said("GetConfigJSONSchema")).toEqual([0, expect.stringContaining('"flavors"')]);
  expect(await said("GetExtraSpecsJSONSchema")).toEqual([0, expect.stringContaining('"hostLabels"')]);
  const specs = (value: unknown) => ({
    GARM_POOL_ID: POOL,
    GARM_POOL_EXTRASPECS: Buffer.from(JSON.stringify(value)).toString("base64"),
  });
  expect(await said("ValidatePoolInfo", specs(null))).toEqual([0, ""]);
  expect(await said("ValidatePoolInfo", specs({ colour: "red" }))).toEqual([
    1,
    expect.stringContaining("colour"),
  ]);
});
