import { TartfleetError, type CreateVm, type NodeClient, type VmRecord } from "@tartfleet/client/node";
import type { Bootstrap } from "./bootstrap.ts";
import type { Config } from "./config.ts";
import { ProviderFailure } from "./failure.ts";
import { guestScript } from "./guest-script.ts";
import { requireAllowed } from "./images.ts";
import { endAll, markOf, vmsOf, type Owner } from "./vms.ts";

/** garm makes five at most of one instance. */
const MOST_TRIES = 20;

/** The VM of an instance. The same words from garm find the same VM. */
export async function createInstance(owner: Owner, config: Config, bootstrap: Bootstrap): Promise<VmRecord> {
  const body = bodyOf(owner.controllerId, config, bootstrap);
  for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
    const vm = await tryCreate(owner.client, body, `garm:${owner.controllerId}:${bootstrap.name}:${attempt}`);
    if (vm?.end === null) return vm;
    // garm no longer takes the token that an earlier attempt's VM has (auth/instance_middleware.go).
    if (!vm) await endAll(owner, await vmsOf(owner, bootstrap.name));
  }
  throw new ProviderFailure(
    `${MOST_TRIES} VMs of instance ${bootstrap.name} are still ending; the hosts may be silent`,
  );
}

/** Undefined: the key is that of another body's VM. */
async function tryCreate(
  client: NodeClient,
  body: CreateVm,
  idempotencyKey: string,
): Promise<VmRecord | undefined> {
  try {
    return (await client.createVm(body, { idempotencyKey })).vm;
  } catch (error) {
    if (error instanceof TartfleetError && error.code === "idempotency_conflict") return undefined;
    throw error;
  }
}

function bodyOf(controllerId: string, config: Config, bootstrap: Bootstrap): CreateVm {
  const { name, pool_id, image, flavor, extra_specs: specs } = bootstrap;
  requireAllowed(image, config.images);
  const size = Object.hasOwn(config.flavors, flavor) ? config.flavors[flavor] : undefined;
  if (!size) {
    const known = Object.keys(config.flavors).join(", ");
    throw new ProviderFailure(
      `The pool's flavor ${flavor} is not in the provider's config. It has ${known}.`,
    );
  }
  const priority = specs.priority ?? config.priority;
  const queueSeconds = specs.queueSeconds ?? config.queueSeconds;
  const ttlSeconds = specs.ttlSeconds ?? config.ttlSeconds;
  return {
    image,
    ...markOf(controllerId, pool_id, name),
    ...(size.cpu === undefined ? {} : { cpu: size.cpu }),
    ...(size.memoryMiB === undefined ? {} : { memoryMiB: size.memoryMiB }),
    ...(size.diskGiB === undefined ? {} : { diskGiB: size.diskGiB }),
    hostLabels: { ...config.hostLabels, ...specs.hostLabels },
    ...(priority === undefined ? {} : { priority }),
    ...(queueSeconds === undefined ? {} : { queueTimeoutSeconds: queueSeconds }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    runner: { kind: "script", shell: "/bin/bash", script: guestScript(bootstrap) },
  };
}
