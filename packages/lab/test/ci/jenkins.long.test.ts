import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { groovyIsMissing, serveSimJenkins, serveSteps, startPipelines } from "@tartfleet/ci-sim/jenkins";
import { execa } from "execa";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const LIBRARY = fileURLToPath(new URL("../../../../integrations/jenkins", import.meta.url));

// Both ways must know a control plane by the pin of its token alone.
const lab = useLab({ controlPlane: { "tls-self-signed": true } });

async function startJenkins() {
  const served = await serveSimJenkins();
  const user = served.jenkins.access.addUser(
    "ci",
    "Overall/Read",
    "Agent/Create",
    "Agent/Connect",
    "Agent/Delete",
  );
  return { ...served, user };
}

/** The node's VMs are gone, and so is the node. */
async function nothingIsLeft({ jenkins }: Awaited<ReturnType<typeof startJenkins>>): Promise<void> {
  expect(jenkins.nodes.all()).toEqual([]);
  await until("the VMs to be gone", async () => {
    const vms = await lab.fleet.api.listVms();
    return vms.every(({ endedAt }) => endedAt !== null) || undefined;
  });
}

test("by curl: a VM's agent connects, runs the build's script, and goes with its node", async () => {
  await using served = await startJenkins();
  const env = {
    BUILD_TAG: "jenkins-Team/App main-7",
    JENKINS_URL: served.url,
    JENKINS_USER: served.user.name,
    JENKINS_API_TOKEN: served.user.apiToken,
    TARTFLEET_URL: lab.fleet.url(),
    TARTFLEET_TOKEN: lab.fleet.ciToken,
    MACOS_IMAGE: IMAGE,
    MACOS_VM: '{"labels": {"app": "main"}}',
    MACOS_POLL: "0.2",
  };
  const macos = (verb: string) => execa(`${LIBRARY}/macos.sh`, [verb], { env, reject: false });
  const begun = await macos("begin");
  expect(begun.stdout, begun.stderr).toMatch(/^macos-team-app-main-7-1-[0-9a-f]{8}$/);
  const build = served.jenkins.queue(begun.stdout, "exit 4");
  await until("the build to end", async () => build.state === "done" || undefined);
  expect(build).toMatchObject({ result: "FAILURE", reason: "script returned exit code 4", starts: 1 });
  const again = await macos("begin");
  expect(again.stdout, again.stderr).toBe(begun.stdout);
  for (const ended of [await macos("end"), await macos("end")]) expect(ended.exitCode, ended.stderr).toBe(0);
  await nothingIsLeft(served);
  const [vm, ...others] = await lab.fleet.api.listVms({ label: `jenkins=${begun.stdout}` });
  expect(others).toEqual([]);
  expect(vm).toMatchObject({ labels: { app: "main" }, jobId: begun.stdout });
});

const missing = groovyIsMissing();
test.skipIf(missing !== undefined)(
  `by the library: the same, with what the build says${missing === undefined ? "" : ` (${missing})`}`,
  async () => {
    await using served = await startJenkins();
    await using steps = await serveSteps({
      jenkins: served.jenkins,
      now: Date.now,
      async pass(milliseconds) {
        served.jenkins.dispatch();
        await delay(Math.min(milliseconds, 200));
      },
    });
    const pipelines = startPipelines(LIBRARY);
    const { result, log } = await pipelines.run({
      script: `macos(image: '${IMAGE}') { sh 'test -d ~/jenkins' }`,
      build: "app#1",
      env: { BUILD_TAG: "jenkins-app-1", JENKINS_URL: served.url, TARTFLEET_URL: lab.fleet.url() },
      credentials: { tartfleet: lab.fleet.ciToken },
      jenkins: served.url,
      user: served.user,
      world: steps.url,
    });
    await pipelines.close();
    expect(result, log.join("\n")).toBe("SUCCESS");
    await nothingIsLeft(served);
  },
);
