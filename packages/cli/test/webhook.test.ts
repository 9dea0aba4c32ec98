import { readFile, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { documentOf, fleet } from "./support/fixture.ts";
import { scratch } from "./support/run.ts";
import { WEBHOOK_SECRET } from "./support/webhooks.ts";

test("webhook create takes the URL from a file or stdin, and hands its secret over once", async () => {
  await using cli = await fleet();
  await using folder = await scratch();
  await writeFile(folder.file("url"), "https://hooks.slack.com/services/T0/B0/s3cret\n");
  const target = ["--target-file", folder.file("url"), "--to-file", folder.file("secret")];
  const events = ["--template", "slack", "--event", "vm.failed", "--event", "host.*"];
  const made = await cli.tartfleet("webhook", "create", "slack", ...target, ...events);
  expect([made.code, made.stdout]).toEqual([0, `It is in ${folder.file("secret")}\n`]);
  expect(cli.standIn.requests[0]?.body).toEqual({
    name: "slack",
    url: "https://hooks.slack.com/services/T0/B0/s3cret",
    events: ["vm.failed", "host.*"],
    template: "slack",
  });
  expect(await readFile(folder.file("secret"), "utf8")).toBe(`${WEBHOOK_SECRET}\n`);
  expect((await stat(folder.file("secret"))).mode & 0o777).toBe(0o600);
  const piped = ["webhook", "create", "ci", "--target-file", "-", "--event", "*", "--team", "ios"];
  expect((await cli.tartfleetWith("https://ci.example.com/hook\n", ...piped)).stdout).toBe(
    `${WEBHOOK_SECRET}\n`,
  );
  expect(cli.standIn.requests[1]?.body).toMatchObject({ url: "https://ci.example.com/hook", team: "ios" });
  const listed = (await cli.tartfleet("webhook", "list")).stdout;
  expect(listed).toMatch(/^WEBHOOK +STATE +EVENTS +TEAM +WAITING +DEAD +LAST TOLD +TO$/m);
  expect(listed).toMatch(
    /^slack +enabled +vm\.failed host\.\* +- +0 +2 +- +https:\/\/hooks\.slack\.com\/…$/m,
  );
});

test("webhook create without a target, or of an event that is none, is a mistake", async () => {
  await using cli = await fleet();
  const without = await cli.tartfleet("webhook", "create", "ci", "--event", "vm.*");
  expect([without.code, without.stderr]).toEqual([64, expect.stringContaining("--target-file")]);
  const wrong = await cli.tartfleet(
    "webhook",
    "create",
    "ci",
    "--target",
    "https://x.example",
    "--event",
    "vm.x",
  );
  expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining("--help lists them")]);
  expect(cli.standIn.requests).toEqual([]);
});

test("webhook set changes what is given; test, dead and replay say what became of it", async () => {
  await using cli = await fleet();
  const target = ["--target", "https://ci.example.com/hook"];
  await cli.tartfleet("webhook", "create", "ci", ...target, "--event", "vm.*", "--team", "ios");
  expect((await cli.tartfleet("webhook", "test", "ci")).stdout).toBe("Webhook ci took a ping (HTTP 200)\n");
  const set = await cli.tartfleet("webhook", "set", "ci", "--disable", "--team", "none");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ enabled: false, team: null });
  expect(set.stdout).toMatch(/^state +disabled: token ana \(ana0\) disabled it$/m);
  expect((await cli.tartfleet("webhook", "set", "ci")).code).toBe(64);
  const failed = await cli.tartfleet("webhook", "test", "ci");
  expect([failed.code, failed.stderr]).toEqual([5, expect.stringContaining("did not take a ping")]);
  const dead = await cli.tartfleet("webhook", "dead");
  expect(dead.stdout).toMatch(
    /^ci +4 +vm\.failed +VM aaaabbbbccccdddd +\d+d ago +12 +- +HTTP 503: try �\[31mlater$/m,
  );
  expect(documentOf(await cli.tartfleet("webhook", "dead", "ci", "--json"))).toMatchObject({
    deliveries: [{ webhook: "ci", id: 4 }, { id: 7 }],
  });
  expect((await cli.tartfleet("webhook", "replay", "ci", "7")).stdout).toBe("1 delivery tried again\n");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ id: 7 });
  expect((await cli.tartfleet("webhook", "replay", "ci")).stdout).toBe("2 deliveries tried again\n");
  expect((await cli.tartfleet("webhook", "rotate", "ci", "--grace", "1h")).stdout).toBe(
    `${WEBHOOK_SECRET}\n`,
  );
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ graceSeconds: 3600 });
  expect((await cli.tartfleet("webhook", "remove", "ci")).code).toBe(0);
  expect((await cli.tartfleet("webhook", "get", "ci")).code).toBe(2);
});
