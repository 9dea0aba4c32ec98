import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Manifest } from "vite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const MOST_KB = 300;

let outDir: string;

beforeAll(async () => {
  // Vitest's own would have React's development build taken.
  vi.stubEnv("NODE_ENV", "production");
  outDir = await mkdtemp(join(tmpdir(), "tf-dashboard-"));
  await build({ root, logLevel: "error", build: { outDir } });
});
afterAll(() => rm(outDir, { recursive: true, force: true }));

/** The files that a page needs, with all that those need. */
function filesOf(manifest: Manifest, entries: readonly string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string) => {
    const chunk = manifest[name];
    if (!chunk || seen.has(name)) return;
    seen.add(name);
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const needed of chunk.imports ?? []) visit(needed);
  };
  for (const entry of entries) visit(entry);
  return files;
}

const gzipped = (files: Iterable<string>) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(outDir, file)), { level: 9 }).length, 0);

test(`the first page is on the screen after less than ${MOST_KB} kB`, async () => {
  const manifest = JSON.parse(await readFile(join(outDir, ".vite/manifest.json"), "utf8"));
  const files = filesOf(manifest, ["index.html", "src/fleet/fleet-page.tsx"]);
  expect(files.size).toBeGreaterThan(2);
  expect(gzipped(["index.html", ...files]) / 1000).toBeLessThan(MOST_KB);
});

test("the page has no script of its own and loads nothing from elsewhere, as the content policy wants it", async () => {
  const page = await readFile(join(outDir, "index.html"), "utf8");
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(page).not.toMatch(/https?:\/\//);
});

test("the browser gets the control plane's types and none of its code", async () => {
  const manifest: Manifest = JSON.parse(await readFile(join(outDir, ".vite/manifest.json"), "utf8"));
  const scripts = Object.values(manifest).map(({ file }) => readFileSync(join(outDir, file), "utf8"));
  expect(scripts.join("")).not.toMatch(/ZodError|better-sqlite3|fastify/);
});
