import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need } from "../src/conformance/bench.ts";
import { dockerRegistryIsMissing, REGISTRY_USER, startDockerRegistry } from "../src/index.ts";
import { mac, simBench } from "./support/sim-bench.ts";

const missing = dockerRegistryIsMissing();

const key = await makePrivateKey();
const tls = { key, cert: await makeSelfSigned(key, ["127.0.0.1", "registry.test"], Date.now()) };

/** A registry, and Macs that know where it is, and its certificate. */
async function scene(how: { auth?: "basic" | "token"; plain?: true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "tart-sim-registry-"));
  const registry = await startDockerRegistry({
    dir: join(dir, "registry"),
    ...(how.plain ? {} : { tls }),
    ...(how.auth && { auth: how.auth }),
  });
  const { address } = registry;
  writeFileSync(join(dir, "ca.pem"), tls.cert);
  const name = `registry.test:${address.split(":")[1]}`;
  return {
    name,
    data: join(dir, "registry/data"),
    mac: () =>
      simBench({
        host: { registries: { [name]: address, [address]: address } },
        baseEnv: { ...process.env, HOME: dir, NODE_EXTRA_CA_CERTS: join(dir, "ca.pem") },
      }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}

const { username, password } = REGISTRY_USER;
const signedIn = { TART_REGISTRY_USERNAME: username, TART_REGISTRY_PASSWORD: password };

describe.skipIf(missing)(`a registry that is really there${missing ? ` (${missing})` : ""}`, () => {
  test("takes what one Mac pushes and gives it to another, by tag and by digest, files and all", async () => {
    await using own = await scene();
    await using first = await own.mac();
    const image = `${own.name}/macos/golden:1`;
    need(await first.tart(["clone", mac, "built"]), 0);
    writeFileSync(join(first.home, "vms/built/disk/Users/admin/marker"), "7\n");
    need(await first.tart(["set", "built", "--cpu", "6"]), 0);
    const pushed = await first.tart(["push", "built", image, "--label", "dev.tartfleet.test=a=b"]);
    need(pushed, 0, { stderr: "" });
    expect(pushed.stdout.replaceAll(/^\d+%\n/gm, "")).toBe(
      `pushing built to ${image}...\npushing config...\npushing disk... this will take a while...\npushing NVRAM...\npushing manifest for ${image}...\n`,
    );
    expect(pushed.stdout).toContain("\n100%\n");

    await using second = await own.mac();
    const pulled = await second.tart(["pull", image]);
    need(pulled, 0, { stderr: "" });
    expect(pulled.stdout).toMatch(/^pulling disk \(\d+ KB compressed\)\.\.\.$/m);
    const [fqn = ""] = (await second.tart(["fqn", image])).stdout.split("\n");
    expect(fqn).toMatch(new RegExp(`^${own.name}/macos/golden@sha256:[0-9a-f]{64}$`));
    const manifest: unknown = JSON.parse(
      readFileSync(
        join(second.home, "cache/OCIs", own.name.replace(":", "%3A"), "macos/golden/1/manifest.json"),
        "utf8",
      ),
    );
    expect(manifest).toMatchObject({
      config: { mediaType: "application/vnd.oci.image.config.v1+json" },
      annotations: { "org.cirruslabs.tart.uncompressed-disk-size": String(50e9) },
    });
    expect((await second.tart(["pull", image])).stdout).toContain("image is already cached and linked!");

    await using third = await own.mac();
    need(await third.tart(["clone", fqn, "vm"]), 0, { stderr: "" });
    const { stdout } = await third.tart(["get", "vm", "--format", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ CPU: 6, Disk: 50, OS: "darwin" });
    await third.run("vm");
    await third.untilAgentAnswers("vm");
    need(await third.tart(["exec", "vm", "sh", "-c", "cat ~/marker"]), 0, { stdout: "7\n" });
  });

  test("goes on with a pull where a failed one was, and does not take what was changed on the way", async () => {
    await using own = await scene();
    await using bench = await own.mac();
    const image = `${own.name}/macos/golden:1`;
    need(await bench.tart(["clone", mac, "built"]), 0);
    writeFileSync(join(bench.home, "vms/built/disk/random"), randomBytes(1_500_000));
    need(await bench.tart(["push", "built", image]), 0);
    bench.host.setFaults([{ match: { cmd: "pull" }, action: "http-status", code: 503 }]);
    need(await bench.tart(["pull", image]), 1, { stderr: /"pulling blob", code: 503/ });
    bench.host.setFaults([]);
    const resumed = await bench.tart(["pull", image]);
    need(resumed, 0);
    expect(Number(/^(\d+)%$/m.exec(resumed.stdout)?.[1])).toBeGreaterThan(25);

    need(await bench.tart(["delete", image]), 0);
    const blobs = join(own.data, "docker/registry/v2/blobs/sha256");
    const [largest = ""] = readdirSync(blobs, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith("/data"))
      .sort((a, b) => statSync(join(blobs, b)).size - statSync(join(blobs, a)).size);
    const blob = readFileSync(join(blobs, largest));
    writeFileSync(join(blobs, largest), blob.fill(0, 1000, 2000));
    need(await bench.tart(["pull", image]), 1, { stderr: /^Error: failed to decompress disk/ });
  });

  test.each(["basic", "token"] as const)("with %s wants to know who asks", async (auth) => {
    await using own = await scene({ auth });
    await using bench = await own.mac();
    const image = `${own.name}/macos/golden:1`;
    const as = (env: NodeJS.ProcessEnv) => ({ env: { ...bench.host.env, CI: "1", ...env } });
    need(await bench.tart(["clone", mac, "built"]), 0);
    const refused = await bench.tart(["push", "built", image]);
    need(refused, 1, {
      stderr: /^Error: UnexpectedHTTPStatusCode\(when: "(checking blob|pushing blob \(POST\))", code: 401/,
    });
    need(await bench.tart(["push", "built", image], as(signedIn)), 0);
    need(await bench.tart(["pull", image], as({ ...signedIn, TART_REGISTRY_HOSTNAME: own.name })), 0);
    need(await bench.tart(["delete", image]), 0);
    need(await bench.tart(["pull", image], as({ ...signedIn, TART_REGISTRY_PASSWORD: "wrong" })), 1, {
      stderr:
        auth === "basic" ? /"pulling manifest", code: 401/ : /^Error: AuthFailed\(why: "received .* 401/,
    });
    // What a token is for, an anonymous one is enough to pull.
    need(await bench.tart(["pull", image]), auth === "basic" ? 1 : 0);
    const login = ["login", own.name, "--username", username, "--password-stdin"];
    need(await bench.tart(login, { input: "wrong\n" }), 1, { stderr: /^invalid credentials: / });
    need(await bench.tart(login, { input: `${password}\n` }), 0);
    need(await bench.tart(["pull", image]), 0);
  });

  test("is spoken to in plain text with --insecure alone", async () => {
    await using own = await scene({ plain: true });
    await using bench = await own.mac();
    const image = `${own.name}/macos/golden:1`;
    need(await bench.tart(["clone", mac, "built"]), 0);
    need(await bench.tart(["push", "built", image]), 1, { stderr: /SSL error/ });
    need(await bench.tart(["push", "built", image, "--insecure"]), 0);
    need(await bench.tart(["pull", image, "--insecure"]), 0);
    need(await bench.tart(["delete", image]), 0);
    need(await bench.tart(["clone", image, "copy", "--insecure"]), 0);
  });

  test("says what it does not have, and whom it does not hear", async () => {
    const own = await scene();
    await using bench = await own.mac();
    const image = `${own.name}/macos/none:1`;
    need(await bench.tart(["pull", image]), 1, {
      stderr:
        /^Error: UnexpectedHTTPStatusCode\(when: "pulling manifest", code: 404, details: ".*MANIFEST_UNKNOWN/,
    });
    const stranger = { env: { ...bench.host.env, CI: "1", NODE_EXTRA_CA_CERTS: "" } };
    need(await bench.tart(["pull", image], stranger), 1, {
      stderr: /^Error: The certificate for this server is invalid/,
    });
    await own[Symbol.asyncDispose]();
    need(
      await bench.tart(["pull", image], { env: { ...bench.host.env, CI: "1", NODE_EXTRA_CA_CERTS: "" } }),
      1,
      {
        stderr: "Error: Could not connect to the server.\n",
      },
    );
  });
});
