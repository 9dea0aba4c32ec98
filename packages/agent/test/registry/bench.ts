import { makeSimHost, startRegistry, type ImageEntry, type SimRegistryOptions } from "@tartfleet/tart-sim";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

/** One for all: certificates of the same name are not told apart. */
const trusted = makeTrusted();

async function makeTrusted(): Promise<SimRegistryOptions["tls"]> {
  const key = await makePrivateKey();
  const cert = await makeSelfSigned(key, ["127.0.0.1"], Date.now());
  setDefaultCACertificates([...getCACertificates("default"), cert]);
  return { key, cert };
}

/** A registry of a test's own, whose certificate this process trusts, and a user's home. */
export async function registryBench(auth: SimRegistryOptions["auth"] = "bearer") {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-registry-"));
  const host = await makeSimHost({ dir: join(dir, "mac") });
  const registry = await startRegistry({ tls: await trusted, hostDir: host.hostDir, auth });
  const home = join(dir, "home");
  await mkdir(join(home, ".docker"), { recursive: true });
  return {
    registry,
    env: { HOME: home, PATH: join(dir, "bin") },
    /** The images that it has from now on; names without its address. */
    has(...images: ImageEntry[]): void {
      host.setImages(images.map((image) => ({ ...image, name: `${registry.address}/${image.name}` })));
    },
    dockerConfig: (config: object) => writeFile(join(home, ".docker", "config.json"), JSON.stringify(config)),
    /** Puts an executable into PATH. */
    async program(name: string, script: string): Promise<void> {
      await mkdir(join(dir, "bin"), { recursive: true });
      await writeFile(join(dir, "bin", name), `#!/bin/sh\n${script}\n`);
      await chmod(join(dir, "bin", name), 0o755);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}
