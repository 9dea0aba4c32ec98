import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { call, isLoopback } from "@tartfleet/tls";
import { flagArguments, nodeCommand, type Flags } from "./environment.ts";
import { makeProgram, type Life, type Program } from "./program.ts";
import { until } from "./until.ts";

/** The program, as the build of its package leaves it. */
export const CONTROL_PLANE = fileURLToPath(new URL("../../../control-plane/dist/main.mjs", import.meta.url));

export interface ControlPlaneOptions {
  dir: string;
  env: Readonly<Record<string, string>>;
  /** Address to listen on; the port is a free one, and the same over restarts. */
  address: string;
  /** Host in the URL that agents and guests are told; by default the address that is listened on. */
  publicHost?: string | undefined;
  flags: Flags;
  /** Words before the command, e.g. to enter a network namespace. */
  wrap: readonly string[];
}

export interface ControlPlane {
  program: Program;
  /** Where this process and the agents reach it. */
  url(): string;
  adminToken(): Promise<string>;
}

/** Lays a control plane down; start it with `program.start()`. */
export async function makeControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dir, address, publicHost, wrap, env, flags } = options;
  const dataDir = join(dir, "control-plane");
  // Who is told another host than the one that is listened on must be told the port beforehand.
  let port = publicHost === undefined ? 0 : await freePort();
  let url = "";
  const scheme = isLoopback(address) && !flags["tls-self-signed"] ? "http" : "https";

  const program = makeProgram({
    name: "control-plane",
    logPath: join(dir, "control-plane.log"),
    command: () => {
      const settings = {
        listen: `${address}:${port}`,
        "data-dir": dataDir,
        ...(publicHost === undefined ? {} : { "public-url": `${scheme}://${publicHost}:${port}` }),
        // The registries of simulated Macs are but files: nobody could be asked.
        "image-resolve-ttl-seconds": 0,
        ...flags,
      };
      return nodeCommand(wrap, [CONTROL_PLANE, ...flagArguments(settings)], env);
    },
    async ready(life: Life) {
      const line = await life.logged("listening");
      url = new URL(String(line["url"])).origin;
      port = Number(new URL(url).port);
      const pin = typeof line["pin"] === "string" ? line["pin"] : undefined;
      await until("the control plane to be ready", async () => {
        const response = await call(`${url}/readyz`, { pin }).catch(() => undefined);
        return response?.ok;
      });
    },
  });

  return {
    program,
    url: () => url,
    adminToken: async () => (await readFile(join(dataDir, "admin-token"), "utf8")).trim(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
