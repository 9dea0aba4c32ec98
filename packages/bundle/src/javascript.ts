import { join } from "node:path";
import { rolldown, type Plugin } from "rolldown";
import { AGENT, WORKSPACE } from "./folders.ts";

/** The agent with everything that it needs but Node: `main.mjs`, and files that it loads when they are needed. */
export interface JavaScript {
  /** Contents by name. */
  files: ReadonlyMap<string, string>;
  /** Paths of the modules that are in it. */
  modules: readonly string[];
}

/** Bundles the agent from its source, as `version`. The same source gives the same text wherever it lies. */
export async function bundleAgent(version: string): Promise<JavaScript> {
  const bundle = await rolldown({
    cwd: WORKSPACE,
    input: join(AGENT, "src/main.ts"),
    platform: "node",
    plugins: [withoutNativeParts, versioned(version)],
    // CommonJS of our dependencies in an ES module.
    transform: { define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" } },
    onLog(level, log) {
      throw new Error(`${level}: ${log.message}`);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: "esm",
      entryFileNames: "main.mjs",
      chunkFileNames: "[name]-[hash].mjs",
      sourcemap: true,
      sourcemapPathTransform: (path, map) =>
        join(map, "..", path).replace(WORKSPACE, "").replace(/^\/+/, "tartfleet/"),
    });
    const files = new Map<string, string>();
    for (const part of output)
      files.set(part.fileName, part.type === "chunk" ? part.code : text(part.source));
    return { files, modules: output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : [])) };
  } finally {
    await bundle.close();
  }
}

const text = (source: string | Uint8Array) => Buffer.from(source).toString("utf8");

/**
 * What ws and ssh2 would use if it were there, and do without: machine code, which is another one on each platform. It
 * is not even looked for, so that nothing comes in from a `node_modules` above the bundle.
 */
const withoutNativeParts: Plugin = {
  name: "without-native-parts",
  resolveId: {
    filter: { id: /^(?:bufferutil|utf-8-validate|cpu-features)$|\.node$/ },
    handler: (id) => `\0absent:${id.slice(id.lastIndexOf("/") + 1)}`,
  },
  load: {
    filter: { id: /^\0absent:/ },
    handler: () => 'module.exports = {};\nthrow new Error("there is no machine code in the bundle");',
  },
};

function versioned(version: string): Plugin {
  const manifest = join(AGENT, "package.json");
  return {
    name: "versioned",
    load: {
      filter: { id: manifest },
      handler: () => ({ code: JSON.stringify({ version }), moduleType: "json" }),
    },
  };
}
