import { expect, test } from "vitest";
import { addVm, documentOf, fleet } from "./support/fixture.ts";

test("vm list gathers all pages", async () => {
  await using cli = await fleet();
  const ids = Array.from({ length: 1203 }, () => addVm(cli.standIn));
  const result = await cli.tartfleet("vm", "list", "--json");
  expect(result.code).toBe(0);
  const document = documentOf(result) as { vms: { id: string }[]; nextCursor: null };
  expect(document.vms.map(({ id }) => id)).toEqual(ids.toReversed());
  expect(document.nextCursor).toBeNull();
  expect(cli.standIn.requests.map(({ query }) => query.get("limit"))).toEqual(["500", "500", "500"]);
});

test("vm list stops at --limit and says that there are more", async () => {
  await using cli = await fleet();
  for (let index = 0; index < 5; index++) addVm(cli.standIn);
  const { stdout, stderr } = await cli.tartfleet("vm", "list", "--limit", "2", "-q");
  expect(stdout.trim().split("\n")).toEqual(["vm00000000000005", "vm00000000000004"]);
  expect((await cli.tartfleet("vm", "list", "--limit", "2")).stderr).toContain("Only the newest 2 VMs");
  expect(stderr).toBe("");
});

test("vm list shows living VMs, and with --all or --state others", async () => {
  await using cli = await fleet();
  const [living, ended] = [addVm(cli.standIn), addVm(cli.standIn, { jobId: "job-7" })];
  cli.standIn.vms.move(ended, "failed", { end: { reason: "queue_timeout", message: "", error: null } });
  const ids = async (...args: string[]) =>
    (await cli.tartfleet("vm", "list", "-q", ...args)).stdout.split("\n");
  expect(await ids()).toEqual([living, ""]);
  expect(await ids("--all")).toEqual([ended, living, ""]);
  expect(await ids("--state", "failed,deleted")).toEqual([ended, ""]);
  expect(await ids("--all", "--job-id", "job-7")).toEqual([ended, ""]);
  await ids("--team", "ios");
  expect(cli.standIn.requests.at(-1)?.query.get("team")).toBe("ios");
});

test("vm list prints a table with whole ids and ages", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn, { jobId: "job-7" });
  cli.standIn.vms.move(id, "pulling", { host: "mac-1", slot: 1, pullPercent: 42, createdAt: ago(185) });
  cli.standIn.vms.change(id, { pullBytes: 10_668_000_000, pullTotalBytes: 25_400_000_000 });
  const { stdout } = await cli.tartfleet("vm", "list");
  const [head, row] = stdout.split("\n");
  expect(head).toMatch(/^ID +NAME +STATE +HOST +JOB +IMAGE +CREATED$/);
  expect(row).toMatch(
    new RegExp(`^${id} +- +pulling 42% of 25.4 GB +mac-1 slot 1 +job-7 +ghcr.io/org/image:15 +3m ago$`),
  );
});

test("vm get shows the bytes of a pull", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.vms.move(id, "pulling", { host: "mac-1", pullPercent: 42 });
  cli.standIn.vms.change(id, { pullBytes: 10_668_000_000, pullTotalBytes: 25_400_000_000 });
  const { stdout } = await cli.tartfleet("vm", "get", id);
  expect(stdout).toMatch(/^pulled +10\.7 GB of 25\.4 GB$/m);
});

test("no VM at all is said on stderr, and is an empty list for --json", async () => {
  await using cli = await fleet();
  expect(await cli.tartfleet("vm", "list")).toMatchObject({ code: 0, stdout: "" });
  expect(documentOf(await cli.tartfleet("vm", "list", "--json"))).toEqual({ vms: [], nextCursor: null });
});

test("vm get tells everything, and nothing that moves the cursor", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.walk(id, "assigned", "ready");
  cli.standIn.vms.move(id, "failed", {
    runner: { kind: "script" },
    end: {
      reason: "start_failed",
      message: "evil \u001b[2J",
      error: { code: "clone_failed", message: "No room. Free some.", facts: { host: "mac-1" } },
    },
    scriptResult: { exitCode: 3, output: "one\ntwo \u001b]0;title\u0007\n", truncated: false },
  });
  const { code, stdout } = await cli.tartfleet("vm", "get", id);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^state +failed \(since .* ago|now\)$/m);
  expect(stdout).toContain("clone_failed: No room. Free some.");
  expect(stdout).toContain("exit code 3");
  expect(stdout).not.toContain("\u001b");
  expect(stdout).not.toContain("\u0007");
});

test("an unknown VM gives 2", async () => {
  await using cli = await fleet();
  for (const args of [["get"], ["wait"], ["delete"], ["events"], ["events", "-f"]]) {
    const { code, stderr } = await cli.tartfleet("vm", ...args, "nosuchvm");
    expect([args, code]).toEqual([args, 2]);
    expect(stderr).toContain("There is no VM with the id nosuchvm");
  }
});

test("an id cannot reach another route", async () => {
  await using cli = await fleet();
  expect((await cli.tartfleet("vm", "get", "../hosts")).code).toBe(2);
  expect(cli.standIn.requests[0]?.path).toBe("/v1/vms/..%2Fhosts");
});

test("vm events prints the history, and --json one document", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.walk(id, "assigned", "pulling");
  const { stdout } = await cli.tartfleet("vm", "events", id);
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(stdout).toMatch(/\+0s +pulling +host +Now pulling\.$/m);
  const { events } = documentOf(await cli.tartfleet("vm", "events", id, "--after", "1", "--json")) as {
    events: { id: number }[];
  };
  expect(events.map((event) => event.id)).toEqual([2, 3]);
});

test("vm events -f goes on until the VM has ended, over a drop, in JSON lines", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  await using child = cli.start("vm", "events", id, "-f", "--json");
  await child.shows("Accepted.");
  cli.standIn.dropStreams();
  cli.standIn.walk(id, "assigned");
  await child.shows("Now assigned.");
  cli.standIn.walk(id, "deleted");
  const { code, stdout } = await child.ended;
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { state: string }).state)).toEqual([
    "queued",
    "assigned",
    "deleted",
  ]);
});

test("vm events -f after the last event of an ended VM ends at once", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.walk(id, "deleted");
  expect(await cli.tartfleet("vm", "events", id, "-f", "--after", "2")).toMatchObject({
    code: 0,
    stdout: "",
  });
});

function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

test("vm explain says why it waits, when it starts, and what the hosts say", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  const { code, stdout } = await cli.tartfleet("vm", "explain", id);
  expect(code).toBe(0);
  expect(stdout).toContain("number 3 of 12 in class default of team ios");
  expect(stdout).toMatch(/^Starts in 4m to 11m, ready in 5m to 12m\.$/m);
  expect(stdout).toMatch(/^ +14 +full +mac-1, mac-2, …$/m);
  expect(stdout).toMatch(/^ +2 +cordoned by ana: os upgrade +mac-3, mac-4$/m);
  expect(documentOf(await cli.tartfleet("vm", "explain", id, "--json"))).toMatchObject({ vmId: id });
  expect((await cli.tartfleet("vm", "explain", "nosuchvm")).code).toBe(2);
});
