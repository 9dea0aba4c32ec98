import { createHmac } from "node:crypto";
import published from "@octokit/webhooks-examples" with { type: "json" };
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { isSigned, newsIn } from "../../../src/integrations/github/webhook.ts";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/github-world.ts";

/** The package is one JSON file, of which its types say otherwise. */
const examplesSchema = z.array(z.object({ name: z.string(), examples: z.array(z.unknown()) }));
const payloadSchema = z.object({
  action: z.string(),
  workflow_job: z.object({ id: z.int(), labels: z.array(z.string()) }),
  repository: z.object({ full_name: z.string() }),
});
const examples = examplesSchema.parse(published);

const HOOKED = { ...RUNNER, mode: "webhook" as const, labels: ["self-hosted", "ios"] };

describe("what GitHub's own examples mean", () => {
  const payloads = examples.find(({ name }) => name === "workflow_job")?.examples ?? [];
  const offer = { name: "gpu", scope: { organization: "octo-org" } };

  test.each(payloads.map((payload, index) => ({ index, payload })))("example $index", ({ payload }) => {
    const { action, workflow_job: job, repository } = payloadSchema.parse(payload);
    const [organization = ""] = repository.full_name.split("/");
    const news = newsIn(payload, [{ ...offer, scope: { organization }, labels: job.labels }]);
    const state = { queued: "waiting", in_progress: "running", completed: "done" }[action];
    if (state === undefined || job.labels.length === 0) expect(news).toBeUndefined();
    else expect(news).toMatchObject({ definition: "gpu", jobId: String(job.id), state });
    expect(
      newsIn(payload, [{ ...offer, scope: { organization: "others" }, labels: job.labels }]),
    ).toBeUndefined();
    const shouted = job.labels.map((label) => label.toUpperCase());
    expect(newsIn(payload, [{ ...offer, scope: { organization }, labels: shouted }])).toEqual(news);
  });
});

test("a signature is over the bytes as they came", () => {
  const body = Buffer.from('{"a": 1}');
  const signature = `sha256=${createHmac("sha256", "s").update(body).digest("hex")}`;
  expect(isSigned("s", body, signature)).toBe(true);
  expect(isSigned("s", Buffer.from('{"a":1}'), signature)).toBe(false);
  expect(isSigned("other", body, signature)).toBe(false);
  expect(isSigned("s", body, undefined)).toBe(false);
  expect(isSigned("s", body, "sha256=")).toBe(false);
});

describe("a fleet that is told by webhooks", () => {
  let world: GithubWorld;
  afterEach(() => world.close());

  test("what is not signed, or is for others, starts nothing", async () => {
    world = await startGithubWorld({ runners: [HOOKED], hosts: 0 });
    world.github.hook.to(undefined);
    world.job("a");
    const [delivery] = world.github.hook.deliveries();
    const body = JSON.stringify(delivery?.payload);
    const headers = delivery ? world.github.hook.headersOf(delivery, body) : {};
    expect(await world.deliver({ ...headers, "x-hub-signature-256": "sha256=0" }, body)).toBe(401);
    world.github.hook.to(world.deliver);
    world.job("elsewhere", ["linux"]);
    await world.pass(30);
    expect(world.live()).toEqual([]);
  });

  test("a completed job whose queued event comes after is not waited for", async () => {
    world = await startGithubWorld({ runners: [HOOKED], hosts: 0 });
    world.github.hook.to(undefined);
    world.github.jobs.cancel(world.job("a").id);
    const [queued, completed] = world.github.hook.deliveries();
    for (const delivery of [completed, queued]) {
      const body = JSON.stringify(delivery?.payload);
      if (delivery) await world.deliver(world.github.hook.headersOf(delivery, body), body);
    }
    await world.pass(30);
    expect(world.vms()).toEqual([]);
  });

  test("deliveries that did not come are fetched, and the job is served all the same", async () => {
    world = await startGithubWorld({ runners: [HOOKED] });
    world.github.hook.to(undefined);
    const job = world.job("missed");
    await world.until("the job to be served", () => job.status === "completed");
    await world.until("no VM", () => world.live().length === 0);
    expect(job.conclusion).toBe("success");
  });

  test("a job that was taken by another's runner costs an idle VM, and the next job is served", async () => {
    world = await startGithubWorld({ runners: [HOOKED], hosts: 0 });
    const { runner } = world.github.runners.register({
      name: "a-persons-mac",
      labels: ["self-hosted", "ios"],
      scope: "orgs/acme",
      groupId: 1,
      setId: null,
    });
    const stolen = world.job("stolen");
    await world.until("a VM that waits", () => world.live().length === 1);
    world.github.connect(runner.name);
    await world.until("the VM to be taken back", () => world.live().length === 0);
    expect(stolen.runner?.name).toBe("a-persons-mac");
  });
});
