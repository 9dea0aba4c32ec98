import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createVmSchema } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { build, CASES, describeLibrary, LIBRARY, nothingIsLeft, tryCases } from "./matrix.ts";

test.each(["vars/macos.groovy", "src/tartfleet/Controller.groovy", "src/tartfleet/Fleet.groovy"])(
  "%s has no loop without a condition, which Jenkins' transformation of Pipelines never enters",
  (file) => {
    expect(readFileSync(join(LIBRARY, file), "utf8")).not.toMatch(/\bfor \([^;\n]*;\s*;/);
  },
);

tryCases(
  CASES.filter(({ isLong }) => !isLong),
  1,
);

describeLibrary("the library", (start) => {
  test("resumes with the VM that it had when Jenkins stopped in between", async () => {
    const world = await start();
    world.when(() => world.live().length > 0, world.crash);
    expect((await world.run(build(60))).result).toBe("CRASHED");
    const [first] = world.live();
    world.jenkins.down(true);
    await world.pass(60);
    world.jenkins.down(false);
    const { result, log } = await world.run(build(60));
    expect(result, log.join("\n")).toBe("SUCCESS");
    await nothingIsLeft(world);
    expect(world.vms().map(({ id }) => id)).toEqual([first?.id]);
  });

  test("a VM whose Jenkins never came back ends by its time to live, and another build removes its node", async () => {
    const world = await start({ courses: [{ staysForEver: true }] });
    world.when(() => world.jenkins.builds.length > 0, world.crash);
    await world.run(build(60, ", ttlSeconds: 7200"));
    await world.pass(7500, 300);
    expect(world.vms().map(({ end }) => end?.reason)).toEqual(["ttl"]);
    expect(world.jenkins.nodes.all()).toHaveLength(1);
    const { log } = await world.run(build(1), { number: 2, over: ["app/main#1"] });
    expect(log[0]).toMatch(/^Removed nodes of builds that are over: macos-app-main-1-1-/);
    await nothingIsLeft(world);
  });

  test("gives each call of a build a node and a VM of its own", async () => {
    const world = await start();
    const both = [1, 2].map((each) => `'${each}': { ${build(each)} }`).join(", ");
    const { result, log } = await world.run(`parallel(${both})`);
    expect(result, log.join("\n")).toBe("SUCCESS");
    await nothingIsLeft(world);
    expect(new Set(world.vms().map(({ labels }) => labels["jenkins"])).size).toBe(2);
  });

  test("names nodes as Jenkins and the control plane take them, each build's and call's otherwise", async () => {
    const world = await start();
    const tags = fc
      .sample(fc.uniqueArray(fc.string({ unit: "grapheme" }), { minLength: 100, maxLength: 100 }), 1)
      .flat();
    const given = Buffer.from(JSON.stringify(tags.map((tag) => `jenkins-${tag}`))).toString("base64");
    const { log } = await world.run(
      `for (tag in new groovy.json.JsonSlurper().parseText(new String('${given}'.decodeBase64(), 'UTF-8')))
         for (call in [1, 2]) echo tartfleet.Controller.nodeName(tag, call, 'https://ci.example/')`,
    );
    expect(new Set(log).size).toBe(200);
    for (const name of log) {
      expect(name).toMatch(/^macos-([a-z0-9]+-)*[12]-[0-9a-f]{8}$/);
      expect(name.length).toBeLessThanOrEqual(63);
      const runner = { kind: "jenkins", url: "https://ci.example/", name, secret: "x" };
      createVmSchema.parse({ image: "ghcr.io/org/image:1", jobId: name, labels: { jenkins: name }, runner });
    }
  });

  test("touches no node but the build's own", async () => {
    const world = await start();
    const node = "new hudson.slaves.DumbSlave('prod', '', new hudson.slaves.JNLPLauncher(webSocket: true))";
    const made = await world.run(
      `def node = ${node}; node.nodeDescription = 'tartfleet: one macOS VM for nobody'; node.retentionStrategy = new hudson.slaves.RetentionStrategy(); jenkins.model.Jenkins.get().addNode(node)`,
    );
    expect(made.result, made.log.join()).toBe("SUCCESS");
    for (const call of ["addNode", "removeNode"]) {
      const { result, log } = await world.run(`tartfleet.Controller.${call}(currentBuild.rawBuild, 'prod')`);
      expect([result, log.at(-1)]).toEqual(["FAILURE", "node prod is not this build's"]);
    }
    expect(await world.run("macos.sweep()")).toMatchObject({ result: "SUCCESS", log: [] });
    expect(world.jenkins.nodes.all()).toHaveLength(1);
  });

  test.each([
    { script: "macos(image: 'i') {}", credentials: {}, says: /no secret text 'tartfleet'/ },
    { script: "macos(images: 'i') {}", says: /there is no option images/ },
    { script: "macos(vm: [:]) {}", says: /image is missing/ },
    { script: build(1, ", vm: [cpu: 0]"), says: /no VM: .*cpu: / },
    { script: build(1, ", vm: [hostLabels: [xcode: '1']]"), says: /no VM: .*xcode/ },
    { script: build("1 3"), says: /script returned exit code 3/ },
  ])("fails with a clear word: $script", async ({ script, says, ...given }) => {
    const world = await start();
    const { result, log } = await world.run(script, given);
    expect(result).toBe("FAILURE");
    expect(log.at(-1)).toMatch(says);
    await nothingIsLeft(world);
  });
});
