import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** A control plane on this machine; vite's own server sends it what is not a file of ours. */
const CONTROL_PLANE = process.env["TARTFLEET_URL"] ?? "http://127.0.0.1:7337";

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    // Those with light-dark(); made for older ones, colours would be lost.
    target: ["chrome123", "firefox120", "safari17.5"],
    manifest: true,
    // The control plane's content policy allows no scripts in the page itself, nor files as data.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/trpc": { target: CONTROL_PLANE, ws: true },
      "/session": CONTROL_PLANE,
    },
  },
});

/** Lays a compressed copy beside each file, which the control plane sends instead. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir);
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      const texts = names.filter((name) => /\.(?:js|css|html|svg)$/.test(name));
      await Promise.all(
        texts.map(async (name) => {
          const path = join(folder, name);
          await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
        }),
      );
    },
  };
}
