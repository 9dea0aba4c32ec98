import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { apiUrl, readGithubConfig, scopePath, scopeUrl } from "../../../src/integrations/github/config.ts";
import { CiConfigError } from "../../../src/integrations/config-file.ts";
import { tempFolder } from "../../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const runner = { name: "ios", scope: { organization: "acme" }, image: "ghcr.io/org/image:1", max: 4 };

function read(content: object): ReturnType<typeof readGithubConfig> {
  const path = join(folder.path, "github.json");
  writeFileSync(path, JSON.stringify(content));
  return readGithubConfig(path);
}

function mistakesOf(content: object): string {
  try {
    read(content);
  } catch (error) {
    if (error instanceof CiConfigError) return error.message;
    throw error;
  }
  return "";
}

test("secrets come out of their files", () => {
  const tokenFile = join(folder.path, "token");
  writeFileSync(tokenFile, "ghp_secret\n");
  const config = read({ tokenFile, runners: [runner] });
  expect(config).toMatchObject({ url: "https://github.com", auth: { kind: "token", token: "ghp_secret" } });
});

test.each([
  ["no credential", { runners: [runner] }, /either app or tokenFile/],
  ["a file that is not there", { tokenFile: "/nowhere", runners: [runner] }, /cannot be read/],
  ["a secret in the file itself", { token: "x", tokenFile: "/x", runners: [runner] }, /token/],
  [
    "plain http",
    { url: "http://ghe.example.com", tokenFile: "/x", runners: [runner] },
    /must be an https URL/,
  ],
  ["two of a name", { tokenFile: "/x", runners: [runner, runner] }, /the same name/],
  ["min above max", { tokenFile: "/x", runners: [{ ...runner, min: 5 }] }, /must not be more than max/],
  [
    "a webhook without a secret",
    { tokenFile: "/x", runners: [{ ...runner, mode: "webhook" }] },
    /webhookSecretFile|is needed where/,
  ],
  [
    "idle runners that GitHub drops",
    { tokenFile: "/x", webhookSecretFile: "/x", runners: [{ ...runner, mode: "webhook", min: 1 }] },
    /warm with a pool/,
  ],
  [
    "a group of a repository",
    { tokenFile: "/x", runners: [{ ...runner, scope: { repository: "acme/app" }, runnerGroup: "macs" }] },
    /repository has no runner groups/,
  ],
  ["a scope of nothing", { tokenFile: "/x", runners: [{ ...runner, scope: {} }] }, /must be one of/],
])("%s is a mistake that is told of", (_what, content, message) => {
  expect(mistakesOf(content)).toMatch(message);
});

test("where a GitHub is: github.com, its data residency, a server of one's own", () => {
  expect(apiUrl("https://github.com")).toBe("https://api.github.com");
  expect(apiUrl("https://www.github.com")).toBe("https://api.github.com");
  expect(apiUrl("https://acme.ghe.com")).toBe("https://api.acme.ghe.com");
  expect(apiUrl("https://ghe.example.com")).toBe("https://ghe.example.com/api/v3");
});

test.each([
  [{ organization: "acme" }, "/orgs/acme", "https://github.com/acme"],
  [{ repository: "acme/app" }, "/repos/acme/app", "https://github.com/acme/app"],
  [{ enterprise: "acme" }, "/enterprises/acme", "https://github.com/enterprises/acme"],
])("a scope %o is %s of the API and %s of its pages", (scope, path, page) => {
  expect(scopePath(scope)).toBe(path);
  expect(scopeUrl("https://github.com", scope)).toBe(page);
});
