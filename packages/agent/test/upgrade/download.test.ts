import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { identity } from "../support/tls-front.ts";
import { publisher } from "./releases.ts";

/** A process of its own: whom Node trusts is read at its start. */
const FETCH = `
import { download } from ${JSON.stringify(fileURLToPath(new URL("../../src/upgrade/download.ts", import.meta.url)))};
await download(new URL(process.argv[1]), process.argv[2]).catch((error) => console.log(error.exit, error.message));
`;

test("files come by https from whom Node trusts, all the way; an answer that is not the file is none", async () => {
  await using place = await publisher();
  const { key, cert } = await identity();
  const ca = join(place.dir, "ca.pem");
  await writeFile(ca, cert);
  const server = createServer({ key, cert }, ({ url }, response) => {
    if (url === "/a") response.end("hello");
    else if (url === "/away") response.writeHead(302, { location: "/a" }).end();
    else response.writeHead(404).end("no");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const to = join(place.dir, "to");
  const fetchIt = async (path: string, env: Record<string, string> = { NODE_EXTRA_CA_CERTS: ca }) =>
    (await execa(process.execPath, ["--input-type=module-typescript", "-e", FETCH, base + path, to], { env }))
      .stdout;
  try {
    for (const path of ["/a", "/away"]) {
      expect(await fetchIt(path)).toBe("");
      expect(await readFile(to, "utf8")).toBe("hello");
    }
    expect(await fetchIt("/b")).toBe(`noSource ${base}/b cannot be fetched: the answer is 404`);
    expect(await fetchIt("/a", {})).toMatch(/^noSource .*\/a cannot be fetched: self-signed certificate/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
