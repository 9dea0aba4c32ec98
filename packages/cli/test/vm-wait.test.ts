import { expect, test } from "vitest";
import { addVm, documentOf, fleet } from "./support/fixture.ts";
import { until } from "./support/run.ts";

test("vm wait repeats the long poll until the VM is ready", async () => {
  await using cli = await fleet({ pollMs: 10 });
  const id = addVm(cli.standIn);
  await using child = cli.start("vm", "wait", id);
  const polls = () => cli.standIn.requests.filter(({ path }) => path.endsWith("/wait")).length;
  await until(() => polls() >= 3);
  cli.standIn.walk(id, "assigned", "ready");
  const { code, stdout } = await child.ended;
  expect(code).toBe(0);
  expect(stdout).toContain(`VM ${id} is ready`);
  expect(cli.standIn.requests[0]?.query.get("for")).toBe("ready");
});

test("a VM that was ready and ended well since counts as ready", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.walk(id, "assigned", "ready", "draining");
  cli.standIn.vms.move(id, "deleted", { end: { reason: "runner_exited", message: "", error: null } });
  expect((await cli.tartfleet("vm", "wait", id)).code).toBe(0);
});

test("a VM that was deleted before it was ready gives 1", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  cli.standIn.vms.move(id, "deleted", { end: { reason: "client", message: "", error: null } });
  const { code, stderr } = await cli.tartfleet("vm", "wait", id);
  expect(code).toBe(1);
  expect(stderr).toContain(", before it was ready (client): A client asked for it.");
});

test("the time runs out with 6 and the VM as it is", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  const result = await cli.tartfleet("vm", "wait", id, "--for", "ended", "--timeout", "1", "--json");
  expect(result.code).toBe(6);
  expect(documentOf(result)).toMatchObject({ id, state: "queued" });
});

test("a restart of the control plane in the middle is waited out", async () => {
  await using cli = await fleet({ pollMs: 10 });
  const id = addVm(cli.standIn);
  await using child = cli.start("vm", "wait", id);
  await until(() => cli.standIn.requests.length > 0);
  cli.standIn.interceptors.push((_seen, response) => {
    response.destroy();
    return true;
  });
  await child.shows("trying again");
  cli.standIn.walk(id, "assigned", "ready");
  const { code, stderr } = await child.ended;
  expect(code).toBe(0);
  expect(stderr).toContain("The control plane answers again.");
});

test("vm delete asks for the end; --wait stays until it is gone", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  const first = await cli.tartfleet("vm", "delete", id);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain(`VM ${id} is stopping`);

  await using child = cli.start("vm", "delete", id, "--wait", "--json");
  await until(() => cli.standIn.requests.some(({ path }) => path.endsWith("/wait")));
  cli.standIn.vms.move(id, "deleted");
  const result = await child.ended;
  expect(result.code).toBe(0);
  expect(documentOf(result)).toMatchObject({ id, state: "deleted", end: { reason: "client" } });
});
