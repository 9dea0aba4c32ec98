// What is installed to run the programs, and under which licences: `node scripts/licences.mjs` writes
// docs/licences.md, `--check` says whether it is as it should be.
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolders } from "./packages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, "docs/licences.md");

/**
 * Licences that ask for no more than to be named; of MPL-2.0 packages also that their own files, when we change them, are
 * shown, and we change none.
 */
const ALLOWED = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "0BSD",
  "Unlicense",
  "BlueOak-1.0.0",
  "MPL-2.0",
]);

const read = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Every package that ours need at run time, by name and version. */
function installed() {
  const found = new Map();
  const visit = (folder) => {
    const {
      name,
      version,
      license,
      licenses = [],
      dependencies = {},
      optionalDependencies = {},
    } = read(folder);
    const key = `${name} ${version}`;
    if (found.has(key)) return;
    // Older packages have a list of objects.
    const named = [license, ...licenses]
      .map((one) => one?.type ?? one)
      .filter((one) => typeof one === "string");
    found.set(key, { name, version, license: named.join(" AND ") || "unknown" });
    // pnpm puts what a package needs beside it.
    const beside = folder.slice(0, folder.length - name.length);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      // Some bring what they need along, inside.
      const inside = join(folder, "node_modules", needed);
      const at = existsSync(inside) ? inside : join(beside, needed);
      if (existsSync(at)) visit(realpathSync(at));
      else if (!(needed in optionalDependencies))
        throw new Error(`${key} needs ${needed}, which is not installed`);
    }
  };
  for (const folder of packageFolders(root)) {
    for (const [needed, wanted] of Object.entries(read(folder).dependencies ?? {})) {
      if (!wanted.startsWith("workspace:")) visit(realpathSync(join(folder, "node_modules", needed)));
    }
  }
  return [...found.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

const packages = installed();
const lines = packages.map(({ name, version, license }) => `- ${name} ${version}: ${license}`);
const text = `# Licences

What the programs need at run time, with what that needs in turn. Made by \`node scripts/licences.mjs\`; a test fails when it is stale,
or when a licence is not one of ${[...ALLOWED].join(", ")}.

${lines.join("\n")}
`;
// "(MIT OR CC0-1.0)" is allowed by one of its parts, "MIT AND ISC" by all of them.
const isAllowed = (license) =>
  license
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((part) => part.split(" AND ").every((one) => ALLOWED.has(one.trim())));
const refused = packages.filter(({ license }) => !isAllowed(license));
for (const { name, version, license } of refused)
  console.error(`${name} ${version}: the licence ${license} is not allowed`);
if (process.argv.includes("--check")) {
  const isStale = !existsSync(page) || readFileSync(page, "utf8") !== text;
  if (isStale) console.error("docs/licences.md is stale; run: node scripts/licences.mjs");
  process.exitCode = isStale || refused.length > 0 ? 1 : 0;
} else {
  writeFileSync(page, text);
  process.exitCode = refused.length > 0 ? 1 : 0;
}
