import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = new URL("../../../../", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, root));
const read = (name: string) => readFileSync(path(name), "utf8");

/** What a page's links lead to, without the places within. */
const linksOf = (page: string) =>
  [...page.matchAll(/\]\((?<to>[^)#]+)/g)].map(({ groups }) => groups?.["to"]);

test("every page about a CI system stands in the table that compares them, to which the front page leads", () => {
  const pages = readdirSync(path("docs/ci")).filter((name) => name !== "README.md");
  expect(pages.length).toBeGreaterThan(4);
  const rows = read("docs/ci/README.md")
    .split("\n")
    .filter((line) => line.startsWith("| ["));
  const inTable = new Set(rows.flatMap(linksOf));
  expect(pages.filter((name) => !inTable.has(name))).toEqual([]);
  expect(linksOf(read("README.md"))).toContain("docs/ci/README.md");
});

test("no page about a CI system leads nowhere", () => {
  for (const page of readdirSync(path("docs/ci"))) {
    const links = linksOf(read(`docs/ci/${page}`)).filter((to = "") => !to.includes(":"));
    expect(
      links.filter((to = "") => !existsSync(path(`docs/ci/${to}`))),
      page,
    ).toEqual([]);
  }
});
