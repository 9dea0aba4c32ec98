import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { wireTypes } from "./wire-types.ts";

/*
 * Writes src/wire.ts, and dist: the package as it is published, without anything of this repository but the client.
 * `npm pack ./dist` makes the tarball.
 */

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

const text = await readFile(join(root, "package.json"), "utf8");
const { name, version, type, sideEffects } = JSON.parse(text);

await writeFile(join(root, "src/wire.ts"), await wireTypes());
await rm(dist, { recursive: true, force: true });
const input = { index: "./src/index.ts", node: "./src/node.ts" };
const code = await rolldown({
  cwd: root,
  input,
  platform: "neutral",
  external: (id) => /^[^./]/.test(id) && !id.startsWith("@tartfleet/"),
  // Of the certificates' maker, which the client has no use for.
  treeshake: { moduleSideEffects: false },
});
const { output } = await code.write({ dir: dist, format: "esm" });
// Whatever of this repository a type named would be left as an import, and be missed by the test.
const types = await rolldown({
  cwd: root,
  input,
  external: (id, importer) => importer !== undefined && /^[^./]/.test(id),
  plugins: [dts({ generator: "oxc", dtsOnly: true, tsconfig: false })],
});
await types.write({ dir: dist, format: "esm" });

/** What is left to be imported, each in the version that is installed here. */
const imports = new Set(output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.imports : [])));
const dependencies = [...imports].filter((id) => !id.startsWith("node:") && !id.endsWith(".js")).toSorted();

async function versionOf(dependency: string): Promise<string> {
  const tries = ["client", "shared", "tls", "tunnel"].map((each) =>
    readFile(join(root, "..", each, "node_modules", dependency, "package.json"), "utf8"),
  );
  return `^${JSON.parse(await Promise.any(tries)).version}`;
}

const files = { types: "d.ts", default: "js" };
const entry = (file: string) =>
  Object.fromEntries(Object.entries(files).map(([condition, suffix]) => [condition, `./${file}.${suffix}`]));
const manifest = {
  name,
  version,
  description: "The client of tartfleet, a fleet manager for macOS virtual machines on Tart",
  type,
  sideEffects,
  engines: { node: ">=22.18" },
  exports: { ".": entry("index"), "./node": entry("node") },
  dependencies: Object.fromEntries(
    await Promise.all(dependencies.map(async (each) => [each, await versionOf(each)] as const)),
  ),
};
await writeFile(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await copyFile(join(root, "README.md"), join(dist, "README.md"));
