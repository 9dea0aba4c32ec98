import { FAKE_ECR_HOST, startDockerRegistry, startFakeEcr } from "@tartfleet/tart-sim";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An account of Amazon's with a registry, and what a host needs to find it. */
export async function ecrBench({ hasRegistry = true } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-ecr-"));
  const key = await makePrivateKey();
  const tls = { key, cert: await makeSelfSigned(key, [FAKE_ECR_HOST], Date.now()) };
  const upstream = hasRegistry ? await startDockerRegistry({ dir: join(dir, "registry") }) : undefined;
  const aws = await startFakeEcr({ tls, upstream: upstream?.address ?? "127.0.0.1:1" });
  const ca = join(dir, "ca.pem");
  await writeFile(ca, tls.cert);
  return {
    dir,
    aws,
    /** A host's environment: no home with a login in it, and no AWS but this one. */
    env: { HOME: dir, NODE_EXTRA_CA_CERTS: ca, ...aws.env },
    /** For host.json. */
    registries: { [FAKE_ECR_HOST]: aws.address },
    image: `${FAKE_ECR_HOST}/macos/golden:1`,
    async [Symbol.asyncDispose]() {
      await aws[Symbol.asyncDispose]();
      await upstream?.[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}
