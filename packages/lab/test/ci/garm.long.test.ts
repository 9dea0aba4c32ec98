import { fileURLToPath } from "node:url";
import { aBootstrap, aGarm, instanceIn, namesIn, startGarmApi } from "@tartfleet/ci-sim/garm";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { atWork, IMAGE, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const provider = fileURLToPath(new URL("../../../garm-provider/src/main.ts", import.meta.url));

const lab = useLab();

function garm(controllerId: string) {
  const config = { url: lab.fleet.url(), images: ["registry.example.com/macos/*"] };
  const caller = aGarm({ provider, token: lab.fleet.ciToken, config, controllerId });
  onTestFinished(() => caller[Symbol.dispose]());
  return caller;
}

/** An instance, as garm wants it, and what its guest has of garm and of GitHub. */
async function instance(name: string, pool_id: string, script: string) {
  const token = `token-of-${name}`;
  const job = { name, script, flushSeconds: 1 };
  const { encodedJitConfig } = lab.github.createJitConfig({ name, labels: [], job });
  const encoded: Record<string, string> = JSON.parse(Buffer.from(encodedJitConfig, "base64").toString());
  // Without the dot, and as they are, as garm gives them.
  const files = Object.fromEntries(
    Object.entries(encoded).map(([file, text]) => [file.slice(1), Buffer.from(text, "base64").toString()]),
  );
  const api = await startGarmApi({ token, jit: true, files });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const bootstrap = aBootstrap({
    name,
    pool_id,
    image: IMAGE,
    flavor: "default",
    "instance-token": token,
    "callback-url": `${api.url}/callbacks`,
    "metadata-url": `${api.url}/metadata`,
  });
  return { api, bootstrap };
}

const ended = (id: string) =>
  until(`VM ${id} to be gone`, async () => {
    const { endedAt, end } = await lab.fleet.api.getVm(id);
    return endedAt === null ? undefined : end?.reason;
  });

test("garm's instances run their jobs, are known to run them, and end; those of another garm are left alone", async () => {
  const [ours, theirs] = [garm("controller-a"), garm("controller-b")];
  const [first, second, other] = await Promise.all([
    instance("garm-first", "pool-1", UNTIL_LET_GO),
    instance("garm-second", "pool-2", "sleep 300"),
    instance("garm-other", "pool-1", "sleep 300"),
  ]);
  const made = instanceIn(await ours.create(first.bootstrap));
  expect(made).toMatchObject({ name: "garm-first", status: "running" });
  expect(instanceIn(await ours.create(first.bootstrap))).toMatchObject({ provider_id: made.provider_id });
  const { provider_id: secondId } = instanceIn(await ours.create(second.bootstrap));

  const vm = await atWork(lab.fleet, made.provider_id);
  expect(vm.job).toMatchObject({ state: "started", details: { job: "garm-first" } });
  expect(first.api.said.map(({ status }) => status)).toEqual(["installing", "installing", "idle"]);
  expect(first.api.refused).toEqual([]);
  expect(instanceIn(await ours.get("garm-first"))).toMatchObject({ status: "running", addresses: [{}] });
  const { provider_id: otherId } = instanceIn(await theirs.create(other.bootstrap));
  expect(namesIn(await ours.list("pool-1"))).toEqual(["garm-first"]);

  await letGo(lab.fleet, vm);
  expect(await lab.github.settled("garm-first")).toMatchObject({
    result: "delivered",
    conclusion: "success",
  });
  expect(await ended(made.provider_id)).toBe("runner_exited");
  expect(instanceIn(await ours.get(made.provider_id)).status).toBe("stopped");
  expect((await ours.delete(made.provider_id)).exitCode).toBe(0);

  expect(await ours.call("RemoveAllInstances")).toMatchObject({ exitCode: 0, stdout: "" });
  expect(await ended(secondId)).toBe("client");
  expect((await lab.fleet.api.getVm(otherId)).end).toBeNull();
  expect((await ours.delete(otherId)).exitCode).toBe(0);
  expect((await lab.fleet.api.getVm(otherId)).end).toBeNull();
  expect((await theirs.delete("garm-other")).exitCode).toBe(0);
  expect(await ended(otherId)).toBe("client");
});
