import { expect, test } from "vitest";
import { serveSimGitHub } from "../../src/github/index.ts";

test("a JIT configuration names the service where a runner of a simulated guest takes its job", async () => {
  await using served = await serveSimGitHub();
  const { github } = served;
  const { jit } = github.runners.register({
    name: "a",
    labels: ["ios"],
    scope: "orgs/acme",
    groupId: 1,
    setId: null,
  });
  const files: Record<string, string> = JSON.parse(Buffer.from(jit, "base64").toString());
  const read = (name: string) => JSON.parse(Buffer.from(files[name] ?? "", "base64").toString());
  const job = served.queue({ name: "build", labels: ["ios"] });
  const took = await fetch(`${read(".runner").serverUrl}/_fake/job`, {
    headers: { authorization: `Bearer ${read(".credentials").data.token}` },
  });
  expect(took.status).toBe(200);
  expect(job).toMatchObject({ status: "in_progress", runner: { name: "a" } });
});
