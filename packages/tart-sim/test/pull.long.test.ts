import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need, type Run, until } from "../src/conformance/bench.ts";
import { closed, images, linux, mac, simBench } from "./support/sim-bench.ts";

const percents = (text: string): number[] =>
  [...text.matchAll(/^(\d+)%$/gm)].map(([, number]) => Number(number));

/** A pull that goes slowly enough to be caught in the middle. */
const slow = { speed: 1, cached: [], host: { profile: { pullMBps: 200 } } } as const;

const underWay = (pull: Run): Promise<void> =>
  until("the pull to be under way", () => Math.max(...percents(pull.stdout()), 0) >= 5);

describe("tart pull", () => {
  test("prints its steps and rising percentages", async () => {
    await using bench = await simBench({ cached: [] });
    const pulled = await bench.tart(["pull", mac]);
    need(pulled, 0, { stderr: "" });
    expect(pulled.stdout.replaceAll(/^\d+%\n/gm, "")).toBe(
      `pulling ${mac}...\npulling manifest...\npulling disk (1 GB compressed)...\npulling NVRAM...\n`,
    );
    const shown = percents(pulled.stdout);
    expect([shown[0], shown.at(-1)]).toEqual([0, 100]);
    expect([...shown].sort((a, b) => a - b)).toEqual(shown);
    expect((await bench.list()).map(({ Name, Source }) => [Source, Name])).toEqual([
      ["OCI", mac],
      ["OCI", expect.stringMatching(/^registry\.example\.com\/test\/mac@sha256:[0-9a-f]{64}$/)],
    ]);
  });

  test("rewrites its line where CI is not set", async () => {
    await using bench = await simBench({ cached: [] });
    const { CI: _ci, ...env } = bench.host.env;
    const { stdout } = await bench.tart(["pull", mac], { env: { ...env, CI: undefined } });
    expect(stdout).toContain("\u001B[1A\r\u001B[J100%\n");
  });

  test("goes on where a killed one was, unless another command came between", async () => {
    await using bench = await simBench(slow);
    const first = bench.startRun(["pull", mac]);
    await underWay(first);
    first.kill("SIGKILL");
    await first.ended;
    const second = bench.startRun(["pull", mac]);
    await until("a percentage", () => percents(second.stdout()).length > 0);
    expect(percents(second.stdout())[0]).toBeGreaterThanOrEqual(4);
    second.kill("SIGKILL");
    await second.ended;
    await bench.list();
    expect(readdirSync(join(bench.home, "tmp"))).toEqual([]);
    const third = bench.startRun(["pull", mac]);
    await until("a percentage", () => percents(third.stdout()).length > 0);
    expect(percents(third.stdout())[0]).toBe(0);
    third.kill("SIGKILL");
    await third.ended;
  });

  test("a list while it goes on takes nothing away", async () => {
    await using bench = await simBench(slow);
    const pull = bench.startRun(["pull", mac]);
    await underWay(pull);
    await bench.list();
    expect(readdirSync(join(bench.home, "tmp"))).toHaveLength(1);
    pull.kill("SIGINT");
    need(await pull.ended, 1, { stderr: "Error: CancellationError()\n" });
    expect(readdirSync(join(bench.home, "tmp"))).toEqual([]);
  });

  test("waits for another pull from the same registry", async () => {
    await using bench = await simBench(slow);
    const first = bench.startRun(["pull", mac]);
    await underWay(first);
    const second = bench.startRun(["pull", linux]);
    await until("the second to wait", () => second.stdout().includes("waiting for lock...\n"));
    expect(second.stdout()).not.toContain("pulling disk");
    first.kill("SIGKILL");
    await until("the second to go on", () => second.stdout().includes("pulling disk"));
    second.kill("SIGKILL");
    await second.ended;
  });

  test("follows a moved tag and drops the old digest; clone does not ask", async () => {
    await using bench = await simBench();
    const [before] = (await bench.tart(["fqn", mac])).stdout.split("\n");
    bench.host.setImages([{ ...images[0], diskGB: 60 }]);
    need(await bench.tart(["clone", mac, "old"]), 0, { stdout: "" });
    need(await bench.tart(["pull", mac]), 0);
    const [after] = (await bench.tart(["fqn", mac])).stdout.split("\n");
    expect(after).not.toBe(before);
    expect((await bench.list()).map(({ Name }) => Name)).toEqual(["old", mac, after]);
    need(await bench.tart(["clone", mac, "new"]), 0);
    expect((await bench.list()).map(({ Name, Disk }) => [Name, Disk]).slice(0, 2)).toEqual([
      ["new", 60],
      ["old", 50],
    ]);
  });

  test.each([
    ["no-such-host.example/a/b:1", "Error: A server with the specified hostname could not be found.\n"],
    [
      "registry.example.com/test/none:1",
      /^Error: UnexpectedHTTPStatusCode\(when: "pulling manifest", code: 404, details: ".*"\)\n$/,
    ],
    ["registry.example.com/test/mac:none", /code: 404/],
    [
      closed,
      /^Error: AuthFailed\(why: "received unexpected HTTP status code 401 while retrieving an authentication token", details: "/,
    ],
    ["bad host/x", /^failed to parse remote name: .* \(character \d+\)\n$/],
  ])("of %s fails with the registry's words", async (name, stderr) => {
    await using bench = await simBench();
    need(await bench.tart(["pull", name]), 1, { stderr });
  });

  test("of a missing image on GitHub does not tell whether it exists", async () => {
    await using bench = await simBench({ cached: [], images: [{ name: "ghcr.io/test/there" }] });
    need(await bench.tart(["pull", "ghcr.io/test/gone:1"]), 1, {
      stderr: /^Error: AuthFailed\(why: "received unexpected HTTP status code 403 .*DENIED/,
    });
  });

  test("of a local name is nothing to do", async () => {
    await using bench = await simBench();
    const vm = await bench.blankVm();
    need(await bench.tart(["pull", vm]), 0, { stdout: `"${vm}" is a local image, nothing to pull here!\n` });
  });
});

describe("credentials", () => {
  const good = { TART_REGISTRY_USERNAME: "ci", TART_REGISTRY_PASSWORD: "secret" };

  test("come from the environment, for the named host alone", async () => {
    await using bench = await simBench();
    need(
      await bench.tart(["pull", closed], { env: { ...good, TART_REGISTRY_HOSTNAME: "other.example" } }),
      1,
    );
    need(await bench.tart(["pull", closed], { env: { ...good, TART_REGISTRY_PASSWORD: "wrong" } }), 1);
    need(
      await bench.tart(["pull", closed], {
        env: { ...good, TART_REGISTRY_HOSTNAME: "registry.example.com" },
      }),
      0,
    );
  });

  test("come from Docker's configuration, or a helper on PATH", async () => {
    await using bench = await simBench();
    const home = join(bench.host.dir, "user");
    mkdirSync(join(home, ".docker"), { recursive: true });
    const configure = (config: unknown) =>
      writeFileSync(join(home, ".docker/config.json"), JSON.stringify(config));
    configure({ credHelpers: { "registry\\.example\\..*": "absent" } });
    need(await bench.tart(["pull", closed], { env: { HOME: home } }), 1, {
      stdout:
        /^Failed to retrieve credentials using Docker configuration credentials provider, authentication may fail: Failed\(message: "docker-credential-absent not found in PATH"\)$/m,
    });
    configure({ auths: { "registry.example.com": { auth: Buffer.from("ci:secret").toString("base64") } } });
    need(await bench.tart(["pull", closed], { env: { HOME: home } }), 0);
  });

  test("come from the keychain after a login, until the logout", async () => {
    await using bench = await simBench({ cached: [] });
    const login = ["login", "registry.example.com", "--username", "ci", "--password-stdin"];
    need(await bench.tart(login, { input: "wrong\n" }), 1, { stderr: /^invalid credentials: / });
    need(await bench.tart(["login", "registry.example.com", "--username", "ci"]), 64, {
      stderr: /^Error: both --username and --password-stdin are required\n/,
    });
    need(await bench.tart(login, { input: "secret\n" }), 0);
    need(await bench.tart(["pull", closed]), 0);
    need(await bench.tart(["logout", "registry.example.com"]), 0);
    need(await bench.tart(["logout", "registry.example.com"]), 0);
    need(await bench.tart(["delete", closed]), 0);
    need(await bench.tart(["pull", closed]), 1);
  });

  test("cannot be had from a locked keychain", async () => {
    await using bench = await simBench({ host: { keychain: "locked" } });
    need(await bench.tart(["pull", closed]), 1, {
      stdout: /using Keychain credentials provider, .*status -25308/,
    });
    need(
      await bench.tart(["login", "registry.example.com", "--username", "ci", "--password-stdin"], {
        input: "secret",
      }),
      1,
      {
        stderr:
          'Error: Failed(message: "Keychain failed to update item: User interaction is not allowed.")\n',
      },
    );
  });
});

describe("push, prune and delete", () => {
  test("what was pushed can be pulled, with its files", async () => {
    await using bench = await simBench();
    const vm = await bench.macVm();
    writeFileSync(join(bench.home, "vms", vm, "disk/made-here"), "yes");
    symlinkSync("made-here", join(bench.home, "vms", vm, "disk/link"));
    const target = "registry.example.com/test/mine:2";
    need(await bench.tart(["push", vm, target, "registry.example.com/test/mine:latest"]), 0, {
      stdout: new RegExp(
        `^pushing ${vm} to registry.example.com/test/mine\\{:2,:latest\\}\\.\\.\\.\npushing config`,
      ),
    });
    const other = await bench.otherHome();
    need(await other.tart(["clone", target, "copy"]), 0);
    expect(readFileSync(join(other.home, "vms/copy/disk/link"), "utf8")).toBe("yes");
  });

  test("prune keeps the recently used images that fit", async () => {
    await using bench = await simBench({ cached: [mac, linux] });
    need(await bench.tart(["prune"]), 64, {
      stderr: /^Error: at least one pruning criteria must be specified\n/,
    });
    need(await bench.tart(["clone", mac, "used"]), 0);
    need(await bench.tart(["prune", "--space-budget", "30"]), 0);
    const names = (await bench.list()).map(({ Name }) => Name);
    expect(names).toContain(mac);
    expect(names).not.toContain(linux);
    await bench.run("used");
    need(await bench.tart(["prune", "--entries", "vms", "--space-budget", "0"]), 0);
    expect(await bench.stateOf("used")).toBe("running");
  });

  test("clone prunes for what it may need, unless told not to", async () => {
    const full = { cached: [mac, linux], host: { diskGB: 60 } };
    for (const [env, left] of [
      [{}, false],
      [{ TART_NO_AUTO_PRUNE: "" }, true],
    ] as const) {
      await using bench = await simBench(full);
      need(await bench.tart(["clone", mac, "vm"], { env }), 0);
      expect((await bench.list()).some(({ Name }) => Name === linux)).toBe(left);
    }
  });

  test("delete stops at the first failure, and knows images too", async () => {
    await using bench = await simBench();
    const [one, two] = [await bench.blankVm(), await bench.blankVm()];
    need(await bench.tart(["delete", one, "missing", two]), 2, {
      stderr: 'the specified VM "missing" does not exist\n',
    });
    need(await bench.tart(["delete", mac]), 0);
    expect((await bench.list()).map(({ Name }) => Name)).toEqual([two]);
    need(await bench.tart(["delete", mac]), 2);
  });

  test("an image for a newer macOS fails after its download", async () => {
    await using bench = await simBench({ cached: [], images: [{ ...images[0], minHostVersion: "27.0" }] });
    need(await bench.tart(["clone", mac, "vm"]), 1, { stderr: /^Error: dataCorrupted\(.*hardwareModel/ });
    expect((await bench.list()).length).toBe(2);
  });
});
