import { expect, test } from "vitest";
import { documentOf, fleet } from "./support/fixture.ts";

const IMAGE = "ghcr.io/org/image:16";

test("image prepull asks for it, and shows who has it, who pulls it in bytes, and who cannot", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("image", "prepull", IMAGE, "--host-label", "xcode=16");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({
    kind: "prepull",
    image: IMAGE,
    hostLabels: { xcode: "16" },
  });
  expect(stdout).toMatch(
    /^state +1 of 4 hosts has it, 1 pulls it, 1 waits, 1 failed, 2 away; 36\.1 GB of 101\.6 GB$/m,
  );
  expect(stdout).toMatch(/^pulls +mac-3 42%, 10\.7 GB of 25\.4 GB$/m);
  expect(stdout).toMatch(/^problems +mac-4: image_auth_failed: Log in there\.$/m);
});

test("image prepull --wait tells each step, and how it ended", async () => {
  await using cli = await fleet();
  await using child = cli.start("image", "prepull", IMAGE, "--wait");
  await child.shows("1 of 4 hosts has it");
  const [plan] = cli.standIn.plans.values();
  if (!plan) throw new Error("there is no plan");
  cli.standIn.plans.set(plan.id, {
    ...plan,
    outcome: "done",
    why: "All 4 hosts have it.",
    endedAt: plan.createdAt,
    progress: null,
  });
  const { code, stdout } = await child.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^state +done: All 4 hosts have it\.$/m);
});

test("image prepull --wait gives 1 when no host can have it, and 6 when the time runs out", async () => {
  await using cli = await fleet();
  const late = await cli.tartfleet("image", "prepull", IMAGE, "--wait", "--timeout", "1s", "--json");
  expect(late.code).toBe(6);
  expect(documentOf(late)).toMatchObject({ image: IMAGE, outcome: null });
  const [plan] = cli.standIn.plans.values();
  if (!plan) throw new Error("there is no plan");
  cli.standIn.interceptors.push((_seen, response) => {
    const why = "mac-1: image_not_found: It is not there.";
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...plan, outcome: "failed", why, progress: null }));
    return true;
  });
  const failed = await cli.tartfleet("image", "prepull", IMAGE, "--wait");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(`${IMAGE}: failed: mac-1: image_not_found: It is not there.`);
});

test("image pin says why, plans lists it, unpin ends it, and what is not pinned is not found", async () => {
  await using cli = await fleet();
  expect((await cli.tartfleet("image", "pin", IMAGE)).stderr).toContain("--reason");
  await cli.tartfleet("image", "pin", IMAGE, "--reason", "releases need it");
  expect(cli.standIn.requests.at(-1)?.body).toMatchObject({ kind: "pin", reason: "releases need it" });
  const { stdout } = await cli.tartfleet("image", "plans");
  expect(stdout).toMatch(/^ID +KIND +IMAGE +HOSTS +STATE$/m);
  expect(stdout).toMatch(/^planplanplan +pin +ghcr\.io\/org\/image:16 +all +1 of 4 hosts has it/m);
  expect((await cli.tartfleet("image", "unpin", IMAGE, "--host-label", "rack=b")).code).toBe(2);
  expect((await cli.tartfleet("image", "unpin", IMAGE)).stdout).toContain("ended: Ended by token ana");
  const again = await cli.tartfleet("image", "unpin", IMAGE);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is not pinned") });
});

test("image cancel ends a plan", async () => {
  await using cli = await fleet();
  await cli.tartfleet("image", "prepull", IMAGE);
  expect((await cli.tartfleet("image", "cancel", "planplanplan")).stdout).toContain("ended: Ended by");
  expect((await cli.tartfleet("image", "cancel", "nosuch")).code).toBe(2);
  const shown = await cli.tartfleet("image", "plans", "planplanplan", "--json");
  expect(documentOf(shown)).toMatchObject({ outcome: "ended" });
});

test("image prune shows what goes, what stays and why, and the room that it makes", async () => {
  await using cli = await fleet();
  const args = ["image", "prune", "--host", "mac-1", "--dry-run", "--until-free", "30%", "--foreign"];
  const { stdout } = await cli.tartfleet(...args);
  expect(cli.standIn.requests.at(-1)?.body).toEqual({
    host: "mac-1",
    dryRun: true,
    untilFreePercent: 30,
    foreign: true,
  });
  expect(stdout).toMatch(/^mac-1 +ghcr\.io\/org\/image:14 +31\.3 GiB +\d+\w+ ago +would go$/m);
  expect(stdout).toMatch(/^mac-1 +ghcr\.io\/org\/image:15 +31\.3 GiB +\d+\w+ ago +stays: it is pinned$/m);
  expect(stdout).toContain("mac-1: 40 of 500 GiB free; 71 GiB would be free");
  const done = await cli.tartfleet("image", "prune");
  expect(done.stdout).toContain("mac-2: 40 of 500 GiB free; 71 GiB will be free");
  expect((await cli.tartfleet("image", "prune", "--until-free", "101")).code).toBe(64);
});
