import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { boardHost } from "./support/board.ts";
import { documentOf, fleet } from "./support/fixture.ts";
import { until } from "./support/run.ts";
import { hasTerminals, startOnTerminal } from "./support/terminal.ts";

const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";

test("top without a terminal shows the fleet once", async () => {
  await using cli = await fleet();
  const { code, stdout } = await cli.tartfleet("top");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^2 hosts, 1 silent/);
  expect(stdout).toContain("3 VMs in the queue, the oldest for ");
  expect(stdout).toContain("waits: p50 20s, p95 4m");
  expect(stdout).toContain("last hour: 120 ended, 2 failed (2 start_failed)");
  expect(stdout).toMatch(/^mac-1 ▓! +mac-2 ··/m);
  expect(stdout).toMatch(/^aaaabbbbccccdddd +booting +mac-1 +ios +build-1 +ghcr\.io\/org\/image:15$/m);
  expect(documentOf(await cli.tartfleet("top", "--json"))).toEqual(cli.standIn.fleet.board());
});

test.skipIf(!hasTerminals)("top follows the fleet, filters, and gives the terminal back", async () => {
  await using cli = await fleet();
  await using top = startOnTerminal(["top"], cli.env);
  await top.shows("mac-1 ▓!");
  cli.standIn.fleet.change([boardHost("mac-3", { labels: { rack: "b4" } })]);
  await top.shows("mac-3 ··");
  top.type("/rack");
  await top.shows("/rack▏");
  top.type("\r");
  await top.shows(/\/rack 1 of 3/);
  expect(top.screen()).not.toContain("mac-1");
  cli.standIn.fleet.drop();
  await until(() => cli.standIn.requests.filter(({ path }) => path.endsWith("/board")).length === 2);
  top.type("q");
  expect(await top.ended).toBe(0);
  expect(top.output().trimEnd().endsWith(LEAVE)).toBe(true);
});

test.skipIf(!hasTerminals)("top gives the terminal back after Ctrl-C, and when it is refused", async () => {
  await using cli = await fleet();
  await using top = startOnTerminal(["top"], cli.env);
  await top.shows("mac-1");
  top.type("\u0003");
  expect(await top.ended).toBe(130);
  expect(top.output()).toContain(LEAVE);
  await using refused = startOnTerminal(["top"], { ...cli.env, TARTFLEET_TOKEN: "tf_nobody" });
  expect(await refused.ended).toBe(3);
  expect(refused.output().split(LEAVE)[1]).toContain("unknown, expired or revoked");
});

test("queue says who waits and why", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("queue");
  expect(stdout).toMatch(/^42 VMs in the queue\n\nVMS +TEAM +CLASS +FIRST +SINCE +STARTS +IMAGE +WHY\n +41 /);
  expect(stdout).toContain("… 1 line more (--limit)");
});

test("--watch shows it again when the control plane says that it has changed, and after an outage", async () => {
  await using cli = await fleet();
  await using watching = cli.start("host", "list", "--watch", "--json");
  await watching.shows('"mac-2"');
  const asked = () => cli.standIn.requests.filter(({ path }) => path === "/v1/hosts").length;
  cli.standIn.fleet.tell("pools");
  cli.standIn.fleet.tell("hosts");
  await until(() => asked() === 2);
  await cli.tartfleet("host", "cordon", "mac-1", "--reason", "update");
  cli.standIn.fleet.tell("hosts");
  await watching.shows('"reason":"update"');
  cli.standIn.fleet.drop();
  await until(() => asked() === 4);
  watching.kill("SIGINT");
  const { code, stdout } = await watching.ended;
  expect(code).toBe(130);
  // What is as it was is not said again.
  expect(stdout.trimEnd().split("\n")).toHaveLength(2);
});

test("--watch waits an outage out, and can be ended in the middle of one", async () => {
  await using cli = await fleet();
  await using watching = cli.start("host", "list", "--watch");
  await watching.shows("mac-2");
  const failing = (_seen: unknown, response: ServerResponse) => {
    response.writeHead(503).end();
    return true;
  };
  for (let n = 0; n < 100; n += 1) cli.standIn.interceptors.push(failing);
  cli.standIn.fleet.drop();
  await watching.shows("trying again");
  watching.kill("SIGTERM");
  const { code, stderr } = await watching.ended;
  expect(code).toBe(143);
  expect(stderr).not.toContain("bug");
});

test.skipIf(!hasTerminals)("--watch on a terminal shows it in place", async () => {
  await using cli = await fleet();
  await using watching = startOnTerminal(["host", "list", "--watch"], cli.env, { columns: 80, rows: 10 });
  await watching.shows(/NAME +STATE[^]*mac-2/);
  watching.type("\u0003");
  expect(await watching.ended).toBe(130);
  expect(watching.output()).toContain(LEAVE);
});
