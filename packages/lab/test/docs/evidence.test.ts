import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, root)), "utf8");

/** `packages/…/x.test.ts` › "title": how a document names a test. */
const EVIDENCE = /`(?<path>packages\/[^`]+)`(?: › "(?<title>[^"]+)")?/g;

/** What a document names and what is not there. */
function missing(document: string): string[] {
  return [...document.matchAll(EVIDENCE)].flatMap(({ groups }) => {
    const { path = "", title } = groups ?? {};
    if (!existsSync(fileURLToPath(new URL(path, root)))) return [path];
    return title === undefined || read(path).includes(title) ? [] : [`${path} › "${title}"`];
  });
}

test.each(["docs/reliability.md", "docs/security.md"])("every test that %s names is there", (document) => {
  expect([...read(document).matchAll(EVIDENCE)].length).toBeGreaterThan(0);
  expect(missing(read(document))).toEqual([]);
});

test("docs/reliability.md has every fault once, each shown by a test or said not to be covered", () => {
  const [, ...sections] = read("docs/reliability.md").split(/^## /m);
  const numbers = sections.map((section) => Number.parseInt(section, 10));
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(60);
  for (const section of sections) {
    const [title] = section.split("\n");
    expect(section, title).toMatch(/^- \*\*Must:\*\* /m);
    expect(section, title).toMatch(/^- \*\*(Shown by|Not covered):\*\* /m);
    if (section.includes("**Shown by:**")) expect([...section.matchAll(EVIDENCE)], title).not.toEqual([]);
  }
});
