import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { documentOf, fleet, IMAGE } from "./support/fixture.ts";
import { run, scratch } from "./support/run.ts";

test("every field of a VM has a flag", async () => {
  await using cli = await fleet();
  await using dir = await scratch();
  await writeFile(dir.file("env"), `# comment\nFROM_FILE="two words"\nOVERRIDDEN=file\n`);
  await writeFile(dir.file("start.sh"), "echo hello\n");
  const { code, stderr } = await run(
    [
      ["vm", "create", "--image", IMAGE, "--name", "build-42", "--job-id", "run/7:1", "--os", "linux"],
      ["--cpu", "4", "--memory-mib", "8192", "--disk-gib", "80", "--ttl", "1h30m", "--queue-timeout", "600"],
      ["--host-label", "xcode=16", "--host-label", "rack=b4", "--label", "team=ios"],
      ["--prefer-host-label", "disk=fast"],
      [
        "--hold-on-failure",
        "30m",
        "--idle-timeout",
        "45m",
        "--boot-timeout",
        "10m",
        "--provision-timeout",
        "90",
        "--pull-stall",
        "2m",
      ],
      ["--env", "OVERRIDDEN=flag", "--env", "FROM_HERE", "--env", "URL=a=b", "--env-from", dir.file("env")],
      [
        "--softnet",
        "--softnet-allow",
        "10.0.0.0/8",
        "--softnet-block",
        "0.0.0.0/0",
        "--display",
        "1920x1080",
      ],
      ["--script", dir.file("start.sh"), "--shell", "/bin/zsh", "--idempotency-key", "key-1"],
    ].flat(),
    { env: { ...cli.env, FROM_HERE: "our own" } },
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const [sent] = cli.standIn.requests;
  expect(sent?.headers["idempotency-key"]).toBe("key-1");
  expect(sent?.body).toEqual({
    image: IMAGE,
    name: "build-42",
    jobId: "run/7:1",
    os: "linux",
    cpu: 4,
    memoryMiB: 8192,
    diskGiB: 80,
    ttlSeconds: 5400,
    queueTimeoutSeconds: 600,
    noJobTimeoutSeconds: 2700,
    holdOnFailureSeconds: 1800,
    budgets: { bootSeconds: 600, provisionSeconds: 90, pullStallSeconds: 120 },
    hostLabels: { xcode: "16", rack: "b4" },
    preferredHostLabels: { disk: "fast" },
    labels: { team: "ios" },
    env: { FROM_FILE: "two words", OVERRIDDEN: "flag", FROM_HERE: "our own", URL: "a=b" },
    run: {
      softnet: true,
      softnetAllow: ["10.0.0.0/8"],
      softnetBlock: ["0.0.0.0/0"],
      display: "1920x1080",
    },
    runner: { kind: "script", script: "echo hello\n", shell: "/bin/zsh" },
  });
});

test("a whole VM comes from a file or stdin, and flags win over it", async () => {
  await using cli = await fleet();
  const vm = { image: IMAGE, cpu: 2, labels: { team: "ios", kind: "nightly" } };
  const { code } = await cli.tartfleetWith(
    JSON.stringify(vm),
    "vm",
    "create",
    "--file",
    "-",
    "--cpu",
    "8",
    "--label",
    "team=mac",
  );
  expect(code).toBe(0);
  expect(cli.standIn.requests[0]?.body).toEqual({ ...vm, cpu: 8, labels: { team: "mac", kind: "nightly" } });
});

test("a runner's secrets come from a file or stdin and are shown nowhere", async () => {
  await using cli = await fleet();
  const runner = { kind: "github", jitConfig: "c2VjcmV0LWppdA==" };
  const result = await cli.tartfleetWith(
    JSON.stringify(runner),
    "vm",
    "create",
    "--image",
    IMAGE,
    "--runner-file",
    "-",
    "--json",
  );
  expect(result.code).toBe(0);
  expect(cli.standIn.requests[0]?.body).toMatchObject({ runner });
  expect(result.stdout + result.stderr).not.toContain(runner.jitConfig);
  expect(documentOf(result)).toMatchObject({ runner: { kind: "github" }, state: "queued" });
});

test("a runner's file that is broken is not quoted", async () => {
  await using cli = await fleet();
  const { code, stderr } = await cli.tartfleetWith(
    '{"kind":"github","jitConfig":c2VjcmV0}',
    "vm",
    "create",
    "--image",
    IMAGE,
    "--runner-file",
    "-",
  );
  expect(code).toBe(64);
  expect(stderr).toContain("--runner-file: is not a JSON object");
  expect(stderr).not.toContain("c2Vj");
});

test("all mistakes of the command line are told at once", async () => {
  await using cli = await fleet();
  const wrong = "--cpu many --ttl soon --label team --env NOT_SET_HERE --shell /bin/sh".split(" ");
  const result = await cli.tartfleet("vm", "create", ...wrong);
  expect(result.code).toBe(64);
  for (const flag of ["--image", "--cpu", "--ttl", "--label", "--env", "--shell"]) {
    expect(result.stderr).toContain(`  ${flag}: `);
  }
  expect(cli.standIn.requests).toEqual([]);
});

test("all mistakes that the control plane finds are told, each with its flag", async () => {
  await using cli = await fleet();
  const args = [
    "vm",
    "create",
    "--image",
    "nonsense!",
    "--name",
    "Bad Name",
    "--cpu",
    "999",
    "--label",
    "team=a b",
  ];
  const { code, stderr } = await cli.tartfleet(...args);
  expect(code).toBe(64);
  expect(stderr).toContain("image (--image): must be an OCI reference");
  expect(stderr).toContain("name (--name): must be lower-case letters");
  expect(stderr).toContain("cpu (--cpu): ");
  expect(stderr).toContain("labels.team (--label): a label's value");
  expect(stderr).toContain("request id: req-7");

  const document = documentOf(await cli.tartfleet(...args, "--json"));
  expect(document).toMatchObject({
    error: { code: "invalid_request", exitCode: 64, status: 400, requestId: "req-7" },
  });
});

test("--quiet prints the id alone", async () => {
  await using cli = await fleet();
  const { stdout, stderr } = await cli.tartfleet("vm", "create", "--image", IMAGE, "-q");
  expect(stdout).toBe(`${cli.standIn.vms.page(new URLSearchParams()).vms[0]?.id}\n`);
  expect(stderr).toBe("");
});

test("the same key gives the same VM, and another VM for it is a conflict", async () => {
  await using cli = await fleet();
  const args = ["vm", "create", "--image", IMAGE, "--idempotency-key", "k"];
  const first = documentOf(await cli.tartfleet(...args, "--json"));
  const again = await cli.tartfleet(...args);
  expect(again.stdout).toContain(`VM ${String(first["id"])} was accepted before`);
  const other = await cli.tartfleet(...args, "--cpu", "2");
  expect(other.code).toBe(4);
  expect(other.stderr).toContain("use a new key for another");
});

test("a taken name is a conflict", async () => {
  await using cli = await fleet();
  const args = ["vm", "create", "--image", IMAGE, "--name", "build"];
  await cli.tartfleet(...args);
  const { code, stderr } = await cli.tartfleet(...args);
  expect(code).toBe(4);
  expect(stderr).toContain("Choose another --name");
});

test("when the answer is lost, asking again with the same key makes no second VM", async () => {
  await using cli = await fleet();
  cli.standIn.interceptors.push((seen, response) => {
    const key = seen.headers["idempotency-key"];
    cli.standIn.vms.accept(
      { image: IMAGE, os: "macos", hostLabels: {}, labels: {}, env: {}, run: {} },
      String(key),
    );
    response.destroy();
    return true;
  });
  const { code, stdout } = await cli.tartfleet("vm", "create", "--image", IMAGE);
  expect(code).toBe(0);
  expect(stdout).toContain("was accepted before");
  expect(cli.standIn.vms.page(new URLSearchParams()).vms).toHaveLength(1);
});

test("stdin cannot be two files", async () => {
  await using cli = await fleet();
  const { code, stderr } = await cli.tartfleet("vm", "create", "--file", "-", "--env-from", "-");
  expect(code).toBe(64);
  expect(stderr).toContain("Only one file can be read from stdin");
});
