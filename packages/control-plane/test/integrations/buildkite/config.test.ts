import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBuildkiteConfig } from "../../../src/integrations/buildkite/config.ts";
import { CiConfigError } from "../../../src/integrations/config-file.ts";
import { openSystems } from "../../../src/integrations/systems.ts";
import { tempFolder } from "../../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
beforeEach(() => {
  folder = tempFolder();
  file("token", "bkct_one\n");
});
afterEach(() => folder.remove());

const runner = { name: "ios", image: "ghcr.io/org/image:1", max: 4 };
const silent = { info: () => {}, warn: () => {} };

function file(name: string, content: string | object): string {
  const path = join(folder.path, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const tokenFile = () => join(folder.path, "token");

async function mistakesOf(read: () => unknown): Promise<string> {
  try {
    await read();
  } catch (error) {
    if (error instanceof CiConfigError) return error.message;
    throw error;
  }
  return "";
}

test("tokens come out of their files, one for each cluster, and a queue is called as its runner", () => {
  const other = file("other", "bkct_two");
  const config = readBuildkiteConfig(
    file("buildkite.json", {
      tokenFile: tokenFile(),
      runners: [runner, { ...runner, name: "tv", queue: "tvos", tokenFile: other }],
    }),
  );
  expect(config.url).toBe("https://agent.buildkite.com/v3");
  expect(config.runners.map(({ name, queue, token }) => [name, queue, token])).toEqual([
    ["ios", "ios", "bkct_one"],
    ["tv", "tvos", "bkct_two"],
  ]);
});

test.each([
  ["no token", () => ({ runners: [runner] }), /runners › 0 › tokenFile: is needed/],
  [
    "a file that is not there",
    () => ({ tokenFile: "/nowhere", runners: [runner] }),
    /\/nowhere cannot be read/,
  ],
  ["a secret in the file itself", () => ({ token: "x", tokenFile: tokenFile(), runners: [runner] }), /token/],
  [
    "two that serve the same queue",
    () => ({ tokenFile: tokenFile(), runners: [runner, { ...runner, name: "b", queue: "ios" }] }),
    /two serve the same queue/,
  ],
  [
    "plain http",
    () => ({ url: "http://x.example", tokenFile: tokenFile(), runners: [runner] }),
    /must be an https URL/,
  ],
])("%s is a mistake that is told of", async (_what, content, message) => {
  expect(await mistakesOf(() => readBuildkiteConfig(file("buildkite.json", content())))).toMatch(message);
});

test("mistakes of several files are told of at once", async () => {
  const mistakes = await mistakesOf(() =>
    openSystems(
      {
        githubConfig: file("github.json", { tokenFile: "/nowhere", runners: [] }),
        buildkiteConfig: file("buildkite.json", {
          tokenFile: "/elsewhere",
          runners: [{ ...runner, max: 0 }],
        }),
      },
      silent,
    ),
  );
  for (const each of ["/nowhere", "github.json › runners", "/elsewhere", "max"])
    expect(mistakes).toContain(each);
});

test("a runner's name is of one CI system alone", async () => {
  const scope = { organization: "acme" };
  const githubConfig = file("github.json", { tokenFile: tokenFile(), runners: [{ ...runner, scope }] });
  const buildkite = { tokenFile: tokenFile(), runners: [runner] };
  const same = { githubConfig, buildkiteConfig: file("buildkite.json", buildkite) };
  expect(await mistakesOf(() => openSystems(same, silent))).toMatch(/has a runner ios already/);
  const other = file("buildkite.json", { ...buildkite, runners: [{ ...runner, name: "mac" }] });
  expect(await openSystems({ githubConfig, buildkiteConfig: other }, silent)).toBeDefined();
  expect(await openSystems({}, silent)).toBeUndefined();
});
