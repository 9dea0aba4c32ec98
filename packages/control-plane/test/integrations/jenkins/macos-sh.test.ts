import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { serveSimJenkins } from "@tartfleet/ci-sim/jenkins";
import { expect, test } from "vitest";
import { IMAGE, startPlane, until } from "../../helpers/plane.ts";
import { LIBRARY } from "./matrix.ts";

const hasPrograms = ["curl", "jq", "bash"].every((program) => spawnSync(program, ["--version"]).status === 0);

async function start() {
  const served = await serveSimJenkins();
  const plane = await startPlane();
  const user = served.jenkins.access.addUser(
    "ci",
    "Overall/Read",
    "Agent/Create",
    "Agent/Connect",
    "Agent/Delete",
  );
  const env = {
    PATH: process.env["PATH"],
    BUILD_TAG: "jenkins-app-7",
    JENKINS_URL: served.url,
    JENKINS_USER: user.name,
    JENKINS_API_TOKEN: user.apiToken,
    TARTFLEET_URL: plane.url,
    TARTFLEET_TOKEN: plane.tokens.ci,
    MACOS_IMAGE: IMAGE,
    MACOS_POLL: "0.05",
  };
  return {
    jenkins: served.jenkins,
    plane,
    vms: async () => (await plane.call("GET", "/v1/vms", { token: plane.tokens.ci })).body.vms,
    /** Its exit code, and what it said to people. */
    macos: async (verb: string, changes: Record<string, string> = {}) =>
      promisify(execFile)(join(LIBRARY, "macos.sh"), [verb], { env: { ...env, ...changes } }).then(
        ({ stderr }) => ({ code: 0, stderr }),
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
      ),
    async [Symbol.asyncDispose]() {
      await plane.close();
      await served[Symbol.asyncDispose]();
    },
  };
}

test.skipIf(!hasPrograms)("macos.sh says why there is no VM, and its end leaves nothing", async () => {
  await using world = await start();
  expect(await world.macos("begin", { JENKINS_API_TOKEN: "wrong" })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^jenkins answered 401 to \/computer\//),
  });
  expect(await world.macos("begin", { TARTFLEET_TOKEN: "wrong" })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^tartfleet answered 401 .*unauthenticated/),
  });
  expect(await world.macos("begin", { MACOS_VM: '{"cpu": 0}' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("cpu"),
  });
  expect(world.jenkins.nodes.all()).toHaveLength(1);
  expect(await world.macos("end")).toMatchObject({ code: 0 });
  expect(world.jenkins.nodes.all()).toEqual([]);
});

test.skipIf(!hasPrograms)("macos.sh waits no longer for the agent of a VM that has ended", async () => {
  await using world = await start();
  const begun = world.macos("begin");
  const [vm] = await until(async () => {
    const vms = await world.vms();
    return vms.length > 0 && vms;
  });
  await world.plane.call("DELETE", `/v1/vms/${vm.id}`, { token: world.plane.tokens.ci });
  const { code, stderr } = await begun;
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^VM \w+ for node macos-app-7-1-.*\nVM \w+ ended: client: /),
  ]);
  expect(await world.macos("end")).toMatchObject({ code: 0 });
});

test.skipIf(!hasPrograms)("macos.sh says that no agent came in time, and ends what still waits", async () => {
  await using world = await start();
  expect(await world.macos("begin", { MACOS_WAIT: "0" })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no agent within 0 s"),
  });
  expect(await world.macos("end")).toMatchObject({ code: 0 });
  expect((await world.vms())[0].end.reason).toBe("client");
});
