import { swiftFailure, TartFailure } from "../cli/failure.ts";
import type { Sim } from "../sim.ts";
import type { RemoteName } from "../storage/remote-name.ts";
import { findImage, readCatalogue } from "./catalogue.ts";
import { fromCatalogue } from "./catalogue-image.ts";
import { type Credentials, findCredentials } from "./credentials.ts";
import { authFailed, unexpectedStatus } from "./failures.ts";
import type { RemoteImage } from "./remote-image.ts";

/** Round trip to a registry, in simulated milliseconds. */
const MANIFEST_MS = 300;

const denied = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}';
const unauthorized = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}';
const unknownManifest = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';

/** Fetches the manifest: one request, with authentication when the registry asks for it. */
export async function fetchManifest(sim: Sim, name: RemoteName, insecure: boolean): Promise<RemoteImage> {
  await sim.sleep(MANIFEST_MS);
  const status = sim.faults.get("http-status")?.code;
  if (status === 401) {
    findCredentials(sim, name.host);
    throw unexpectedStatus("pulling manifest", 401, unauthorized);
  }
  if (status === 403) throw authFailed(403, denied);
  if (status === 404) throw unexpectedStatus("pulling manifest", 404, unknownManifest);

  if (isReallyThere(sim, name.host)) {
    const { openRemote } = await import("./oci-image.ts");
    return await openRemote(sim, name, { insecure });
  }
  const catalogue = readCatalogue(sim.hostDir);
  if (!catalogue.some((image) => image.name.startsWith(`${name.host}/`)))
    throw swiftFailure("A server with the specified hostname could not be found.");
  const image = findImage(catalogue, name);
  if (image === undefined) {
    // GitHub's registry does not tell what is missing from what is private.
    throw name.host === "ghcr.io"
      ? authFailed(403, denied)
      : unexpectedStatus("pulling manifest", 404, unknownManifest);
  }
  if (image.auth !== undefined) authenticate(sim, name, image.auth);
  return fromCatalogue(sim, image);
}

/** Does a registry of its own answer for that host, and not the catalogue? */
export const isReallyThere = (sim: Sim, host: string): boolean => sim.host.registries[host] !== undefined;

function authenticate(sim: Sim, name: RemoteName, wanted: { username: string; password: string }): void {
  const given = findCredentials(sim, name.host);
  if (given?.username !== wanted.username || given.password !== wanted.password)
    throw authFailed(401, unauthorized);
}

/** Why these are not credentials of a user whom the registry knows, which `tart login` asks; undefined when they are. */
export async function refusalOf(
  sim: Sim,
  host: string,
  { given, insecure }: { given: Credentials; insecure: boolean },
): Promise<string | undefined> {
  if (isReallyThere(sim, host)) {
    const { openRepository } = await import("./oci-client.ts");
    return await refusalIn(
      openRepository(sim, { host, namespace: "" }, { insecure, credentials: () => given }).ping(),
    );
  }
  const known = readCatalogue(sim.hostDir).flatMap((image) =>
    image.name.startsWith(`${host}/`) && image.auth !== undefined ? [image.auth] : [],
  );
  const isKnown = known.some(
    ({ username, password }) => username === given.username && password === given.password,
  );
  return known.length === 0 || isKnown ? undefined : authFailed(401, "").stderr.replace("Error: ", "");
}

async function refusalIn(asking: Promise<void>): Promise<string | undefined> {
  try {
    await asking;
    return undefined;
  } catch (error) {
    if (error instanceof TartFailure) return error.stderr.replace("Error: ", "");
    throw error;
  }
}
