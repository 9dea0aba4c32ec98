/**
 * How a program of this workspace is built from its package's folder: from its sources, most of a start would be
 * spent on looking up hundreds of modules (Node reads the manifest of a package, drizzle's has 180 kB, anew for each
 * of its modules).
 *
 * @type {import("rolldown").ConfigExport}
 */
export default {
  input: "src/main.ts",
  platform: "node",
  // CommonJS of our dependencies in an ES module.
  transform: { define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" } },
  external: [
    "better-sqlite3",
    // Machine code that ws and ssh2 do without where it is not there.
    "bufferutil",
    "cpu-features",
    "utf-8-validate",
    /\.node$/,
  ],
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
    sourcemap: true,
  },
};
