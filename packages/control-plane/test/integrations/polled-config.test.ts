import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAzureConfig } from "../../src/integrations/azure/config.ts";
import { readCircleciConfig } from "../../src/integrations/circleci/config.ts";
import { tempFolder } from "../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

function file(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

const vm = { name: "ios", image: "ghcr.io/org/image:1", max: 4 };

test("Azure's file: secrets come out of their files, and agents may have one of their own", () => {
  const tokenFile = file("token", "pat\n");
  const content = { url: "https://dev.azure.com/acme/", tokenFile, runners: [{ ...vm, pool: "Macs 1" }] };
  const read = (more: object = {}) =>
    readAzureConfig(file("c.json", JSON.stringify({ ...content, ...more })));
  expect(read()).toMatchObject({ url: "https://dev.azure.com/acme", token: "pat", agentToken: "pat" });
  expect(read({ agentTokenFile: file("other", "other") })).toMatchObject({
    token: "pat",
    agentToken: "other",
  });
});

test.each([
  ["plain http", { url: "http://azure.example.com" }, /must be an https URL/],
  ["a token in the file itself", { token: "x" }, /token/],
  ["a pool with a quote", { runners: [{ ...vm, pool: "a'b" }] }, /must be a pool's name/],
  ["a capability of two lines", { runners: [{ ...vm, pool: "a", capabilities: { a: "1\n2" } }] }, /one line/],
  [
    "two of a name",
    {
      runners: [
        { ...vm, pool: "a" },
        { ...vm, pool: "b" },
      ],
    },
    /the same name/,
  ],
])("Azure's file is refused with %s", (_what, more, said) => {
  const content = {
    url: "https://dev.azure.com/a",
    tokenFile: file("t", "t"),
    runners: [{ ...vm, pool: "a" }],
  };
  expect(() => readAzureConfig(file("c.json", JSON.stringify({ ...content, ...more })))).toThrow(said);
});

test.each([
  ["a class without its namespace", [{ ...vm, resourceClass: "macos" }], /NAMESPACE\/RESOURCE-CLASS/],
  [
    "two of a class",
    [
      { ...vm, resourceClass: "acme/macos" },
      { ...vm, name: "b", resourceClass: "acme/macos" },
    ],
    /the same resourceClass/,
  ],
])("CircleCI's file is refused with %s", (_what, runners, said) => {
  const tokenFile = file("t", "t");
  const content = { tokenFile, runners: runners.map((runner) => ({ ...runner, tokenFile })) };
  expect(() => readCircleciConfig(file("c.json", JSON.stringify(content)))).toThrow(said);
});
