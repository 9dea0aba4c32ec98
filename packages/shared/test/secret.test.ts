import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as shared from "../src/index.ts";
import { bootstrapSchema, createVmSchema, reveal, Secret } from "../src/index.ts";

const CANARY = "canary-e7f1b2";

/** The ways in which something comes into a log, an error or an answer. */
const printed = (value: unknown): string =>
  [
    JSON.stringify(value),
    String(value),
    inspect(value, { depth: null, showHidden: true }),
    JSON.stringify({ deep: [value] }),
    inspect(new Map([["key", value]]), { depth: null }),
  ].join("\n");

interface Leaf {
  /** Like `createVmSchema.env.*`. */
  path: string;
  schema: z.core.$ZodType;
}

/** Every part of a schema that is not made of others; what is marked is not looked into. */
function leavesOf(schema: z.core.$ZodType, path: string): Leaf[] {
  if (isMarked(schema)) return [{ path, schema }];
  const { def } = (schema as z.core.$ZodTypes)._zod;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- a kind that is new to our schemas throws
  switch (def.type) {
    case "object":
      return Object.entries(def.shape).flatMap(([key, part]) => leavesOf(part, `${path}.${key}`));
    case "record":
      return leavesOf(def.valueType, `${path}.*`);
    case "array":
      return leavesOf(def.element, `${path}.*`);
    case "union":
      return def.options.flatMap((option) => leavesOf(option, path));
    case "pipe":
      return [...leavesOf(def.in, path), ...leavesOf(def.out, path)];
    case "optional":
    case "nullable":
    case "default":
    case "catch":
      return leavesOf(def.innerType, path);
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "enum":
    case "literal":
    case "unknown":
    case "transform":
      return [{ path, schema }];
    default:
      throw new Error(`${path}: this walk does not know ${def.type}`);
  }
}

const isMarked = (schema: z.core.$ZodType): boolean => z.globalRegistry.get(schema)?.format === "password";

const LEAVES = Object.entries(shared).flatMap(([name, schema]) =>
  name.endsWith("Schema") && schema instanceof z.ZodType ? leavesOf(schema, name) : [],
);
const pathsOf = (leaves: readonly Leaf[]) => [...new Set(leaves.map(({ path }) => path))].sort();

/** Tokens in the one answer that shows them. */
const SHOWN_ONCE = [
  "createdTokenSchema.token",
  "createdWebhookSchema.secret",
  "enrolledHostSchema.credential",
];

describe("every field of a schema", () => {
  const marked = LEAVES.filter(({ schema }) => isMarked(schema));

  test("that is secret is marked", () => {
    const runner = ["jitConfig", "registrationToken", "script", "secret", "token"];
    expect(pathsOf(marked)).toEqual(
      [
        ...SHOWN_ONCE,
        "bootstrapSchema.env.*",
        "bootstrapSchema.vmToken",
        "createVmSchema.env.*",
        ...["bootstrapSchema.runner", "createVmSchema.runner", "runnerSchema"].flatMap((path) =>
          runner.map((field) => `${path}.${field}`),
        ),
      ].sort(),
    );
  });

  test("that has a secret's name is marked, or known not to be one", () => {
    const named = LEAVES.filter(({ schema }) => !isMarked(schema))
      .map(({ path }) => path.replace(/^\w+/, "").replace(/\.vms\.\*|\.entries\.\*\.vm/, ""))
      .filter((path) => /token|secret|credential|passw|jit|key|script|env/i.test(path));
    expect([...new Set(named)].sort()).toEqual([
      ".envNames.*",
      // What points and lines of the history and of reports are about.
      ".key.*",
      ".lines.*.key",
      ".lines.*.key.*",
      ".previousSecretUntil",
      ".scriptResult.exitCode",
      ".scriptResult.output",
      ".scriptResult.truncated",
    ]);
  });

  test.each(marked.filter(({ path }) => !SHOWN_ONCE.includes(path)))(
    "$path shows nothing once parsed",
    ({ schema }) => {
      const parsed = z.core.parse(schema, CANARY);
      expect(parsed).toBeInstanceOf(Secret);
      expect(printed(parsed)).not.toContain(CANARY);
      expect(printed(parsed)).toContain("[secret]");
      expect(reveal(parsed)).toBe(CANARY);
    },
  );
});

describe("what holds secrets", () => {
  const url = "https://ci.example";
  const runners = [
    { kind: "github", jitConfig: CANARY },
    { kind: "github", url, registrationToken: CANARY },
    { kind: "gitlab", url, token: CANARY, waitTimeoutSeconds: 1 },
    { kind: "buildkite", token: CANARY },
    { kind: "jenkins", url, secret: CANARY, name: "n" },
    { kind: "azure", url, token: CANARY, pool: "p", unregister: true },
    { kind: "circleci", token: CANARY, idleTimeoutSeconds: 1 },
    { kind: "script", script: CANARY, shell: "/bin/sh" },
  ];

  test.each(runners)("shows none of them: a request and a bootstrap of $kind", (runner) => {
    const request = createVmSchema.parse({ image: "ghcr.io/a/b", env: { KEY: CANARY }, runner });
    expect(printed(request)).not.toContain(CANARY);
    const wire = { vmName: "n", jobId: null, publicUrl: url, vmToken: CANARY, env: { KEY: CANARY }, runner };
    const bootstrap = bootstrapSchema.parse(wire);
    expect(printed(bootstrap)).not.toContain(CANARY);
    expect(reveal(bootstrap)).toEqual(wire);
  });

  test("is the same again when it is revealed and parsed, whatever the secrets are", () => {
    const env = fc.dictionary(
      fc.stringMatching(/^[A-Z_]{1,8}$/),
      fc.string().filter((text) => !text.includes("\0")),
    );
    fc.assert(
      fc.property(env, (given) => {
        const parsed = createVmSchema.parse({ image: "ghcr.io/a/b", env: given });
        expect(reveal(parsed).env).toEqual(given);
        expect(reveal(createVmSchema.parse(reveal(parsed)))).toEqual(reveal(parsed));
      }),
    );
  });
});
