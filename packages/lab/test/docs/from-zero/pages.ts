import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPage } from "./page.ts";
import { ROOT } from "./reader-home.ts";

/** The pages that take a reader from nothing to a job. */
export const PAGES = readdirSync(join(ROOT, "docs"))
  .filter((name) => /^from-zero-.*\.md$/.test(name))
  .map((name) => ({ name: `docs/${name}`, ...readPage(readFileSync(join(ROOT, "docs", name), "utf8")) }));
