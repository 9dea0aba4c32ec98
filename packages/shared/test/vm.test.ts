import { describe, expect, test } from "vitest";
import {
  createVmSchema,
  listVmsQuerySchema,
  toProblem,
  CallError,
  CALL_ERRORS,
  problemSchema,
  keysOf,
} from "../src/index.ts";

const image = "ghcr.io/org/image:1";

/** The fields that are complained about. */
function wrong(body: unknown): string[] {
  const result = createVmSchema.safeParse(body);
  return result.success ? [] : [...new Set(result.error.issues.map(({ path }) => path.join(".")))].sort();
}

describe("the body of POST /v1/vms", () => {
  test("needs an image and fills in the rest", () => {
    expect(createVmSchema.parse({ image })).toEqual({
      image,
      os: "macos",
      hostLabels: {},
      labels: {},
      env: {},
      run: {},
    });
  });

  test("all that is wrong is said at once", () => {
    expect(
      wrong({
        image: "x",
        cpu: 0,
        memoryMiB: "8",
        os: "windows",
        ttlSeconds: -1,
        env: { "A B": "x" },
        labels: { "a b": "1" },
      }),
    ).toEqual(["cpu", "env.A B", "image", "labels.a b", "memoryMiB", "os", "ttlSeconds"]);
  });

  test.each([
    [{ image, colour: "red" }, ""],
    [{ image, run: { dir: "/Users" } }, "run"],
    [{ image, runner: { kind: "github", jitConfig: "abc", extra: 1 } }, "runner"],
  ])("unknown fields are errors: %j", (body, at) => {
    expect(wrong(body)).toEqual([at]);
  });

  test.each([
    [{ kind: "github", jitConfig: "abc" }, []],
    [{ kind: "github", url: "https://github.com/o", registrationToken: "T", labels: ["a"] }, []],
    [{ kind: "github" }, ["runner.registrationToken", "runner.url"]],
    [{ kind: "github", jitConfig: "abc", url: "https://github.com/o" }, ["runner.url"]],
    [{ kind: "github", jitConfig: "a b" }, ["runner.jitConfig"]],
    [{ kind: "github", url: "file:///etc/passwd", registrationToken: "T" }, ["runner.url"]],
    [{ kind: "gitlab", url: "https://gitlab.example.com", token: "glrt-1" }, []],
    [{ kind: "buildkite", token: "T", acquireJob: "0190-nope" }, ["runner.acquireJob"]],
    [{ kind: "jenkins", url: "https://jenkins.example.com", secret: "S", name: "mac-1" }, []],
    [{ kind: "script", script: "echo hi" }, []],
    [{ kind: "script", script: "echo \0" }, ["runner.script"]],
    [{ kind: "script", script: "x", shell: "/usr/bin/python3" }, ["runner.shell"]],
    [{ kind: "azure", url: "https://dev.azure.com/acme", token: "T", pool: "Macs" }, []],
    [
      { kind: "azure", url: "x", token: "T", pool: "", capabilities: { xcode: "16\n" } },
      ["runner.capabilities.xcode", "runner.pool", "runner.url"],
    ],
    [
      { kind: "azure", url: "https://dev.azure.com/a", token: "T", pool: "p", capabilities: { "a b": "" } },
      ["runner.capabilities.a b"],
    ],
    [{ kind: "circleci", token: "T", url: "https://circleci.example.com" }, []],
    [{ kind: "circleci", token: "T", idleTimeoutSeconds: 0 }, ["runner.idleTimeoutSeconds"]],
    [{ kind: "travis" }, ["runner.kind"]],
  ])("runner %j", (runner, fields) => {
    expect(wrong({ image, runner })).toEqual(fields);
  });

  test("environment values may hold newlines and quotes, but not NUL", () => {
    expect(wrong({ image, env: { A: "line 1\nline '2' \"3\" $HOME `id`" } })).toEqual([]);
    expect(wrong({ image, env: { A: "\0" } })).toEqual(["env.A"]);
  });

  test("counts are bounded", () => {
    const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`K${i}`, "v"]));
    expect(wrong({ image, env: many(257) })).toEqual(["env"]);
    expect(wrong({ image, labels: many(33) })).toEqual(["labels"]);
  });
});

test("states of a list are a comma-separated list, and each is checked", () => {
  expect(listVmsQuerySchema.parse({ state: "ready,draining" })).toMatchObject({
    state: ["ready", "draining"],
    limit: 100,
  });
  expect(listVmsQuerySchema.safeParse({ state: "ready,asleep" }).success).toBe(false);
  expect(listVmsQuerySchema.safeParse({ label: "novalue" }).success).toBe(false);
});

test("every code makes a valid problem with its own type and status", () => {
  for (const code of keysOf(CALL_ERRORS)) {
    const problem = toProblem(
      new CallError(code, "what to do", [{ path: "a.b", message: "is wrong" }]),
      "req-1",
    );
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(problem).toMatchObject({ code, status: CALL_ERRORS[code].status, requestId: "req-1" });
  }
});
