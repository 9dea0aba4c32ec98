import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { OidcConfigError, readOidcConfig } from "../../src/oidc/config.ts";
import { grantOf, matches } from "../../src/oidc/rules.ts";

describe("a pattern", () => {
  it("means what the same regular expression means", () => {
    const letter = fc.constantFrom("a", "b", "/", ".", "*");
    const text = fc.string({ unit: letter, maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
        const expected = new RegExp(`^${parts.join(".*")}$`, "s").test(value);
        expect(matches(pattern, value)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("rules", () => {
  it("grant nothing that no rule says, and look at no claim that is not the token's own", () => {
    expect(grantOf([{ claims: { toString: "*x" }, role: "ci" }], {})).toBeUndefined();
    expect(grantOf([{ claims: { a: "[object*" }, role: "ci" }], { a: { b: 1 } })).toBeUndefined();
    expect(grantOf([{ claims: { a: "1", b: "true" }, role: "ci" }], { a: 1, b: true })).toEqual({
      role: "ci",
      team: undefined,
    });
  });
});

describe("a configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "tartfleet-oidc-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function mistakes(text: string): readonly string[] {
    const path = join(folder, "oidc.json");
    writeFileSync(path, text);
    try {
      readOidcConfig(path);
    } catch (error) {
      if (error instanceof OidcConfigError) return error.mistakes.map((line) => line.replace(path, "FILE"));
      throw error;
    }
    return [];
  }

  it("is refused with every mistake in it", () => {
    const rule = { claims: { repository: "org/*" }, role: "ci" };
    const good = { name: "github", issuer: "https://token.example", audience: "a", rules: [rule] };
    expect(mistakes(JSON.stringify({ issuers: [good] }))).toEqual([]);
    const wrong = {
      ...good,
      name: "A B",
      issuer: "http://elsewhere.example",
      jwks: {
        keys: [
          { kty: "oct", k: "AAAA" },
          { kty: "EC", d: "AAAA" },
        ],
      },
      rules: [
        { claims: {}, role: "ci" },
        { claims: { a: "*" }, role: "host-enrolment" },
        { claims: { a: "b" }, role: "admin", team: "red" },
      ],
    };
    const found = mistakes(JSON.stringify({ issuers: [good, wrong], more: 1 }));
    const named = [
      "issuers › 1 › name",
      "issuers › 1 › issuer",
      "issuers › 1 › jwks › keys › 0 › kty",
      "issuers › 1 › jwks › keys › 1",
      "issuers › 1 › rules › 0 › claims",
      "issuers › 1 › rules › 1 › claims › a",
      "issuers › 1 › rules › 1 › role",
      "issuers › 1 › rules › 2 › team",
    ];
    for (const path of named) expect(found).toContainEqual(expect.stringMatching(`^FILE › ${path}: `));
    expect(found).toContainEqual(expect.stringMatching(/^FILE: .*more/));
    expect(found).toHaveLength(named.length + 1);
    expect(mistakes(JSON.stringify({ issuers: [good, good] }))).toHaveLength(2);
    expect(mistakes("{")).toEqual([expect.stringMatching(/^FILE is not valid JSON/)]);
    expect(() => readOidcConfig(join(folder, "none"))).toThrow(/cannot be read/);
  });
});
