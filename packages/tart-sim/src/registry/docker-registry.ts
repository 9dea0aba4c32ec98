import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findTool } from "../guest/find-tool.ts";
import { startTokenIssuer } from "./token-issuer.ts";

export interface DockerRegistryOptions {
  /** Made if absent: what the registry keeps, and its settings. The caller removes it. */
  dir: string;
  /** PEM; plain HTTP when absent. */
  tls?: { key: string; cert: string };
  /**
   * How it wants to know who asks: not at all, which is the default; by a password for everything; or by a token
   * for everything, which an anonymous client is given to pull. `token` needs `tls`: its key signs them.
   */
  auth?: "basic" | "token";
}

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, as it begins a reference. */
  address: string;
}

/** Who may push, and pull what is not for everybody. */
export const REGISTRY_USER = { username: "ci", password: "correct-horse" };
/** bcrypt, the only kind that the registry takes. */
const HTPASSWD = "ci:$2y$05$tartfleetregistrytesteWrOa/TTBaOpBfGihAuDqJilpcPncASK\n";

/** Why this machine has no registry to start; undefined when it has. */
export const dockerRegistryIsMissing = (): string | undefined =>
  findTool("docker-registry", process.env) === undefined
    ? "there is no docker-registry here: scripts/install-lab-packages.sh"
    : undefined;

/** The Docker project's own registry (Debian: docker-registry), on a port of its own. It ends with this process. */
export async function startDockerRegistry({
  dir,
  tls,
  auth,
}: DockerRegistryOptions): Promise<DockerRegistry> {
  mkdirSync(dir, { recursive: true });
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content, { mode: 0o600 });
    return join(dir, name);
  };
  const issuer = auth === "token" && tls ? await startTokenIssuer(tls, REGISTRY_USER) : undefined;
  const config = {
    version: 0.1,
    log: { accesslog: { disabled: true }, level: "info" },
    storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: true } },
    http: {
      addr: "127.0.0.1:0",
      ...(tls && { tls: { certificate: file("cert.pem", tls.cert), key: file("key.pem", tls.key) } }),
    },
    ...(auth === "basic" && {
      auth: { htpasswd: { realm: "registry", path: file("htpasswd", HTPASSWD) } },
    }),
    ...(issuer &&
      tls && { auth: { token: { ...issuer.settings, rootcertbundle: file("root.pem", tls.cert) } } }),
  };
  // YAML takes JSON as it is.
  const path = file("config.yml", JSON.stringify(config));
  // Whatever ends this process closes the pipe, and the registry goes too.
  const child = spawn("sh", ["-c", 'docker-registry serve "$0" & cat; kill $!; wait', path], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  const closed = once(child, "close");
  const said: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    const [, address] = /msg="listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (address === undefined) continue;
    child.stderr.resume();
    return {
      address,
      async [Symbol.asyncDispose]() {
        child.stdin.end();
        await closed;
        await issuer?.[Symbol.asyncDispose]();
      },
    };
  }
  throw new Error(`docker-registry does not start:\n${said.join("\n")}`);
}
