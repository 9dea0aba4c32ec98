import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  dockerRegistryIsMissing,
  makeSimHost,
  REGISTRY_USER,
  startDockerRegistry,
  type DockerRegistry,
  type SimHost,
} from "@tartfleet/tart-sim";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { scriptVm, startLab } from "../support/lab.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const IMAGES = here("../../../images/src/main.ts");
const PACKER = here("../../../images/test/stand-in/packer.ts");

/** What the Mac that builds has in place of Apple's restore image. */
const RESTORED = "restored.example.com/macos/sequoia:1";
const MACS = 3;

/** What the job finds in its VM: noted by each layer's build, with the variables that it was given. */
const PROOF = `set -e
for layer in vanilla base runner; do grep -q "\\"layer\\":\\"$layer\\"" ~/.built-by; done
grep -q '"MACOS_VERSION=15.6.1","MACOS_BUILD=24G90"' ~/.built-by
grep -q '"FORMULAE=jq ripgrep"' ~/.built-by`;

describe.skipIf(dockerRegistryIsMissing() !== undefined)("from templates to a job", () => {
  let dir: string;
  let registry: DockerRegistry;
  let builder: SimHost;
  let fleet: Fleet;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "tf-rehearsal-"));
    const key = await makePrivateKey();
    const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
    await writeFile(join(dir, "ca.pem"), cert);
    registry = await startDockerRegistry({ dir: join(dir, "registry"), tls: { key, cert }, auth: "basic" });
    const registries = { [registry.address]: registry.address };

    // The Mac that builds. packer's stand-in makes VMs of the templates, curl and shasum know of the restore image.
    await mkdir(join(dir, "bin"));
    const programs = {
      packer: `exec "${process.execPath}" "${PACKER}" "$@"`,
      curl: 'while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"; echo restore image >"$2"',
      shasum: 'exec sha256sum "$3"',
    };
    for (const [name, script] of Object.entries(programs))
      await writeFile(join(dir, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    builder = await makeSimHost({
      dir: join(dir, "builder"),
      speed: 100,
      engine: "process",
      host: { registries },
      images: [{ name: RESTORED.replace(":1", ""), tags: ["1"], compressedGB: 0.1 }],
      cached: [RESTORED],
      baseEnv: {
        ...process.env,
        HOME: dir,
        NODE_EXTRA_CA_CERTS: join(dir, "ca.pem"),
        PACKER_RESTORED_IMAGE: RESTORED,
        TART_REGISTRY_USERNAME: REGISTRY_USER.username,
        TART_REGISTRY_PASSWORD: REGISTRY_USER.password,
      },
    });
    builder.env["PATH"] = `${join(dir, "bin")}${delimiter}${builder.env["PATH"]}`;

    // The hosts have no image at all, and a login to the registry.
    await mkdir(join(dir, "home/.docker"), { recursive: true });
    const auth = Buffer.from(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`).toString("base64");
    await writeFile(
      join(dir, "home/.docker/config.json"),
      JSON.stringify({ auths: { [registry.address]: { auth } } }),
    );
    fleet = await startLab({
      hosts: MACS,
      agent: (index) => ({ label: `mac=${index}` }),
      wrap: (program) =>
        program === "control-plane"
          ? []
          : ["/usr/bin/env", `NODE_EXTRA_CA_CERTS=${join(dir, "ca.pem")}`, `HOME=${join(dir, "home")}`],
      sim: () => ({ host: { registries }, images: [], cached: [] }),
    });
  });

  afterAll(async () => {
    const leftovers = await fleet?.stop();
    await registry?.[Symbol.asyncDispose]();
    await builder?.killAll();
    await rm(dir, { recursive: true, force: true });
    expect(leftovers).toEqual([]);
  });

  const images = (...args: string[]) =>
    execa(process.execPath, [IMAGES, ...args], {
      env: {
        ...builder.env,
        TARTFLEET_URL: fleet.url(),
        TARTFLEET_TOKEN: fleet.adminToken,
      },
      extendEnv: false,
    });

  test("what the plan says is built, pushed, given to a channel, pulled by every Mac, and has the job's VM made of it", async () => {
    const variables = ["--var", "disk_size_gb=60", "--var", 'formulae=["jq","ripgrep"]'];
    const { stdout: plan } = await images("plan", "--release", "sequoia", ...variables);
    // Its commands can be typed as they are.
    const commands = plan.split("\n").flatMap((line) => (line.startsWith("   ") ? [line.trim()] : []));
    const built = await execa("/bin/bash", ["-eu", "-c", commands.join("\n")], {
      env: builder.env,
      extendEnv: false,
      all: true,
      reject: false,
    });
    expect(built.exitCode, built.all).toBe(0);

    const repository = `${registry.address}/macos/sequoia`;
    const pushed = await images(
      ...`push sequoia-runner --release sequoia --to ${repository} --channel sequoia --at-once`.split(" "),
    );
    const [image] = new RegExp(`${repository}@sha256:[0-9a-f]{64}`).exec(pushed.stdout) ?? [];
    expect(image, pushed.stdout).toBeDefined();

    const ended = await Promise.all(
      Array.from({ length: MACS }, async (_, index) => {
        const asked = scriptVm(PROOF, { image: "channel:sequoia", hostLabels: { mac: String(index) } });
        const { id } = await fleet.ci.createVm(asked);
        return await fleet.ci.waitForVm(id, "ended");
      }),
    );
    expect(ended).toMatchObject(
      Array.from({ length: MACS }, () => ({
        attempt: 1,
        image,
        end: { reason: "runner_exited" },
        scriptResult: { exitCode: 0 },
      })),
    );
    expect(new Set(ended.map(({ host }) => host)).size).toBe(MACS);
  });
});
