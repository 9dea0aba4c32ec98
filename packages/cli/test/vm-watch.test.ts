import { expect, test } from "vitest";
import type { VmRecord } from "@tartfleet/shared";
import { documentOf, fleet, IMAGE } from "./support/fixture.ts";
import { until } from "./support/run.ts";

/** The id of the first VM that a stand-in accepts. */
const ID = "vm00000000000001";
const CREATE = ["vm", "create", "--image", IMAGE];
const failure: Partial<VmRecord> = {
  end: {
    reason: "start_failed",
    message: "It could not be brought up.",
    error: {
      code: "image_not_found",
      message: "ghcr.io/org/image:15 is not in the registry. Check its name.",
      facts: { host: "mac-1", exitCode: 1, output: "line one\nline two" },
    },
  },
};

test("--wait shows the stages as they pass and ends when the VM is ready", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned");
  await child.shows("Now assigned.");
  cli.standIn.walk(ID, "pulling", "cloning", "booting", "provisioning", "ready");
  const { code, stdout, stderr } = await child.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(`VM ${ID} is ready on mac-1 slot 0 (192.168.64.7), after `);
  const stages = ["Accepted.", "assigned", "pulling", "cloning", "booting", "provisioning", "Now ready."];
  const places = stages.map((stage) => stderr.indexOf(stage));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
});

test("--wait --json prints one document, after the stages on stderr", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait", "--json");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned", "ready");
  const result = await child.ended;
  expect(result.code).toBe(0);
  expect(documentOf(result)).toMatchObject({ id: ID, state: "ready" });
});

test("--wait tells how far a pull is, in steps", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned", "pulling");
  await child.shows("Now pulling.");
  cli.standIn.vms.change(ID, { pullPercent: 47, pullBytes: 11_938_000_000, pullTotalBytes: 25_400_000_000 });
  await child.shows("47% pulled, 11.9 GB of 25.4 GB");
  cli.standIn.walk(ID, "cloning", "ready");
  expect((await child.ended).code).toBe(0);
});

test("a VM that fails before it is ready gives 1, its reason and the error's advice", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned", "pulling");
  cli.standIn.vms.move(ID, "failed", failure);
  const { code, stdout, stderr } = await child.ended;
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain(", before it was ready (start_failed): It could not be brought up.");
  expect(stderr).toContain("image_not_found: ghcr.io/org/image:15 is not in the registry. Check its name.");
  expect(stderr).toContain("exitCode: 1");
  expect(stderr).toContain("    line two");
});

test("a VM that fails is still a document for --json", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait", "--json");
  await child.shows("Accepted.");
  cli.standIn.vms.move(ID, "failed", failure);
  const result = await child.ended;
  expect(result.code).toBe(1);
  expect(documentOf(result)).toMatchObject({ id: ID, state: "failed", end: { reason: "start_failed" } });
});

test("--wait=ended waits for the whole life and prints a script's output", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait=ended");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned", "ready", "draining", "stopping");
  cli.standIn.vms.move(ID, "deleted", {
    runner: { kind: "script" },
    end: { reason: "runner_exited", message: "", error: null },
    scriptResult: { exitCode: 0, output: "hello from the guest\n", truncated: false },
  });
  const { code, stdout, stderr } = await child.ended;
  expect(code).toBe(0);
  expect(stdout).toBe("hello from the guest\n");
  expect(stderr).toContain("ended after");
});

test("--wait=ended gives 1 when a script failed, with its output", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait=ended");
  await child.shows("Accepted.");
  cli.standIn.walk(ID, "assigned", "ready");
  cli.standIn.vms.move(ID, "deleted", {
    runner: { kind: "script" },
    end: { reason: "runner_exited", message: "", error: null },
    scriptResult: { exitCode: 3, output: "it broke\n", truncated: false },
  });
  const { code, stdout, stderr } = await child.ended;
  expect(code).toBe(1);
  expect(stdout).toBe("it broke\n");
  expect(stderr).toContain("Its script's exit code was 3.");
});

test("a dropped stream goes on where it was, without an event twice or missed", async () => {
  await using cli = await fleet();
  const { standIn } = cli;
  await using child = cli.start(...CREATE, "--wait");
  await child.shows("Accepted.");
  standIn.walk(ID, "assigned");
  await child.shows("Now assigned.");
  standIn.dropStreams();
  standIn.walk(ID, "pulling", "cloning");
  await child.shows("Now cloning.");
  standIn.walk(ID, "ready");
  const { code, stderr } = await child.ended;
  expect(code).toBe(0);
  for (const state of ["assigned", "pulling", "cloning", "ready"]) {
    expect(stderr.split(`Now ${state}.`)).toHaveLength(2);
  }
  const resumed = standIn.requests.filter(({ headers }) => headers.accept === "text/event-stream");
  expect(resumed.map(({ headers }) => headers["last-event-id"])).toEqual(["0", "2"]);
  expect(stderr).toContain("trying again");
  expect(stderr).toContain("answers again");
});

test("a control plane that stays away ends the wait with 5, and the VM lives on", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait", "--reconnect-for", "0");
  await child.shows("Accepted.");
  cli.standIn.dropStreams();
  const { code, stderr } = await child.ended;
  expect(code).toBe(5);
  expect(stderr).toContain(`VM ${ID} lives on`);
  expect(stderr).toContain(`tartfleet vm wait ${ID}`);
});

test("--timeout ends the wait with 6, and the VM lives on", async () => {
  await using cli = await fleet();
  const result = await cli.tartfleet(...CREATE, "--wait", "--timeout", "1", "--json");
  expect(result.code).toBe(6);
  expect(documentOf(result)).toMatchObject({ id: ID, state: "queued" });
  expect(result.stderr).toContain("lives on");
  expect(cli.standIn.requests.some(({ method }) => method === "DELETE")).toBe(false);
});

test("Ctrl-C leaves the VM and says so", async () => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait");
  await child.shows("Accepted.");
  child.kill("SIGINT");
  const { code, stderr } = await child.ended;
  expect(code).toBe(130);
  expect(stderr).toContain(`VM ${ID} lives on`);
  expect(stderr).toContain(`tartfleet vm delete ${ID}`);
  expect(cli.standIn.vms.get(ID).state).toBe("queued");
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("with --delete-on-interrupt %s ends the VM", async ([signal, expected]) => {
  await using cli = await fleet();
  await using child = cli.start(...CREATE, "--wait", "--delete-on-interrupt");
  await child.shows("Accepted.");
  child.kill(signal);
  const { code, stderr } = await child.ended;
  expect(code).toBe(expected);
  expect(stderr).toContain("is being deleted");
  expect(cli.standIn.vms.get(ID).state).toBe("stopping");
});

test("Ctrl-C before the answer has come still ends the VM with --delete-on-interrupt", async () => {
  await using cli = await fleet();
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<() => void>();
  cli.standIn.interceptors.push((seen, response) => {
    onAsked(() => {
      const body = { image: IMAGE, os: "macos", hostLabels: {}, labels: {}, env: {}, run: {} } as const;
      const { vm } = cli.standIn.vms.accept({ ...body }, String(seen.headers["idempotency-key"]));
      response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(vm));
    });
    return true;
  });
  await using child = cli.start(...CREATE, "--wait", "--delete-on-interrupt");
  const answer = await asked;
  child.kill("SIGINT");
  answer();
  expect((await child.ended).code).toBe(130);
  await until(() => cli.standIn.vms.get(ID).state === "stopping");
});
